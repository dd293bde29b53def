/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/client.h"

#include <uv.h>

#include "http/request.h"

enum { NETWORK_SIZE = 8, V4_AT = 12 };

static bool is_trusted(const struct proxies *proxies, struct str text)
{
    unsigned char address[ADDRESS_SIZE];

    return address_parse(text, address) == ERR_OK &&
           networks_have(proxies->networks, proxies->count, address);
}

/* Takes the last item off a list with commas between. */
static struct str take_last(struct str *list)
{
    size_t at = list->len;
    struct str last;

    while (at > 0 && list->ptr[at - 1] != ',')
        at--;
    last = str_trim(str_from_offset(*list, at));
    list->len = at > 0 ? at - 1 : 0;
    return last;
}

/* Each proxy adds the address that it was asked from, at the end of the header or as another one:
 * so the last that none of the trusted has is the client's; what precedes it may be a client's.
 * What is no address was not written by a proxy that we know. */
static struct str forwarded_for(const struct proxies *proxies, const struct request *request,
                                struct str address)
{
    unsigned char bytes[ADDRESS_SIZE];

    for (size_t i = request->param_count; i > 0; i--) {
        struct str list = request->params[i - 1].value;
        if (!str_eq(request->params[i - 1].name, STR("HTTP_X_FORWARDED_FOR")))
            continue;
        while (list.len > 0) {
            struct str item = take_last(&list);
            if (address_parse(item, bytes) != ERR_OK)
                return address;
            address = item;
            if (!networks_have(proxies->networks, proxies->count, bytes))
                return address;
        }
    }
    return address;
}

struct str client_address(const struct proxies *proxies, const struct request *request,
                          char room[static CLIENT_MAX])
{
    struct str address = request_param(request, STR("REMOTE_ADDR"));
    unsigned char bytes[ADDRESS_SIZE];

    if (address.len == 0 || address.len >= CLIENT_MAX)
        return STR("unknown");
    if (is_trusted(proxies, address))
        address = forwarded_for(proxies, request, address);
    if (address_parse(address, bytes) != ERR_OK)
        return address;
    if (address_is_v4(bytes) && uv_inet_ntop(AF_INET, bytes + V4_AT, room, CLIENT_MAX) == 0)
        return str_from(room);
    hex_encode(bytes, NETWORK_SIZE, room);
    return str_make(room, 2 * NETWORK_SIZE);
}

/* With several proxies one behind the other, the first one's word is the client's. */
bool client_is_secure(const struct proxies *proxies, const struct request *request)
{
    struct str forwarded = request_param(request, STR("HTTP_X_FORWARDED_PROTO")), first;

    if (str_eq_nocase(request_param(request, STR("HTTPS")), STR("on")))
        return true;
    return str_split(&forwarded, ',', &first) && str_eq_nocase(str_trim(first), STR("https")) &&
           is_trusted(proxies, request_param(request, STR("REMOTE_ADDR")));
}
