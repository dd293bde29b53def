/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/network.h"

#include <arpa/inet.h>

enum { V4_SIZE = 4, V4_AT = ADDRESS_SIZE - V4_SIZE, V4_BITS = 32, ALL_BITS = 128 };

/* ::ffff:0:0/96 */
static const unsigned char mapped[V4_AT] = {[10] = 0xff, [11] = 0xff};

enum err address_parse(struct str text, unsigned char address[static ADDRESS_SIZE])
{
    char room[ADDRESS_TEXT_MAX];

    if (text.len == 0 || text.len >= sizeof room)
        return ERR_SYNTAX;
    memcpy(room, text.ptr, text.len);
    room[text.len] = '\0';
    if (inet_pton(AF_INET6, room, address) == 1)
        return ERR_OK;
    memcpy(address, mapped, sizeof mapped);
    return inet_pton(AF_INET, room, address + V4_AT) == 1 ? ERR_OK : ERR_SYNTAX;
}

bool address_is_v4(const unsigned char address[static ADDRESS_SIZE])
{
    return memcmp(address, mapped, sizeof mapped) == 0;
}

/* The bits of an address of IPv4 are counted from its own beginning. */
static enum err parse_one(struct str text, struct network *network)
{
    size_t slash = str_find(text, '/');
    bool is_v4 = str_find(text, ':') == text.len;
    uint64_t most = is_v4 ? V4_BITS : ALL_BITS, bits = most;
    enum err err = address_parse(str_make(text.ptr, slash), network->address);

    if (err == ERR_OK && slash < text.len)
        err = str_uint(str_from_offset(text, slash + 1), 0, most, &bits);
    network->bits = (unsigned)(bits + (is_v4 ? ALL_BITS - V4_BITS : 0));
    return err == ERR_OK ? ERR_OK : ERR_SYNTAX;
}

enum err networks_parse(struct str text, struct network networks[static NETWORKS_MAX],
                        size_t *count)
{
    struct str one;
    enum err err = text.len > 0 ? ERR_OK : ERR_SYNTAX;

    *count = 0;
    if (str_eq(text, STR("none")))
        return ERR_OK;
    while (err == ERR_OK && str_split(&text, ',', &one)) {
        if (*count == NETWORKS_MAX)
            return ERR_RANGE;
        err = parse_one(str_trim(one), &networks[(*count)++]);
    }
    return err;
}

static bool has(const struct network *network, const unsigned char address[static ADDRESS_SIZE])
{
    size_t bytes = network->bits / 8;
    unsigned rest = network->bits % 8;

    return memcmp(network->address, address, bytes) == 0 &&
           (rest == 0 || ((network->address[bytes] ^ address[bytes]) >> (8 - rest)) == 0);
}

bool networks_have(const struct network *networks, size_t count,
                   const unsigned char address[static ADDRESS_SIZE])
{
    for (size_t i = 0; i < count; i++)
        if (has(&networks[i], address))
            return true;
    return false;
}
