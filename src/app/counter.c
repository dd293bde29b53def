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

/* ::ffff:0:0/96: an IPv4 address on an IPv6 socket (RFC 4291 section 2.5.5.2). */
static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

struct str client_address(const struct request *request, char room[static CLIENT_MAX])
{
    struct str address = request_param(request, STR("REMOTE_ADDR"));
    unsigned char bytes[16];

    if (address.len == 0 || address.len >= CLIENT_MAX)
        return STR("unknown");
    memcpy(room, address.ptr, address.len);
    room[address.len] = '\0';
    if (uv_inet_pton(AF_INET6, room, bytes) != 0)
        return address;
    if (memcmp(bytes, mapped, sizeof mapped) == 0 &&
        uv_inet_ntop(AF_INET, bytes + sizeof mapped, room, CLIENT_MAX) == 0)
        return str_from(room);
    hex_encode(bytes, 8, room);
    return str_make(room, 16);
}
