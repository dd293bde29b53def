/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/counter.h"

#include "app/state.h"
#include "base/idiom.h"

struct str counter_name(const struct app *app, struct str kind, struct str who,
                        char room[static COUNTER_NAME_MAX])
{
    const struct str parts[] = {app->config.prefix, STR(":"), kind, STR(":"), who};
    size_t at = 0;

    for (size_t i = 0; i < COUNT(parts); i++) {
        size_t len = parts[i].len < COUNTER_NAME_MAX - at ? parts[i].len : COUNTER_NAME_MAX - at;
        if (len > 0)
            memcpy(room + at, parts[i].ptr, len);
        at += len;
    }
    return str_make(room, at);
}
