/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <stddef.h>

#include "base/idiom.h"

const char *err_text(enum err err)
{
    static const char *const texts[] = {
#define ERR_TEXT(name, text) [ERR_##name] = text,
        ERR_LIST(ERR_TEXT)
#undef ERR_TEXT
    };

    return (size_t)err < COUNT(texts) ? texts[err] : "unknown error";
}
