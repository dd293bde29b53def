/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/conditional.h"

#include "base/hash.h"
#include "base/idiom.h"

static const struct str suffixes[] = {STR_INIT("-gzip"), STR_INIT(";gzip"), STR_INIT("--gzip"),
                                      STR_INIT("-br"), STR_INIT("-zstd")};

/* Takes one entity tag off the front of *rest: its opaque part without quotes. */
static bool take_tag(struct str *rest, struct str *opaque)
{
    struct str s = *rest;
    size_t end;

    if (str_starts(s, STR("W/")))
        s = str_from_offset(s, 2);
    if (s.len < 2 || s.ptr[0] != '"')
        return false;
    s = str_from_offset(s, 1);
    end = str_find(s, '"');
    if (end == s.len)
        return false;
    *opaque = str_make(s.ptr, end);
    *rest = str_trim(str_from_offset(s, end + 1));
    return true;
}

/* a with nothing behind it, or with what a compressing proxy adds. */
static bool is_same(struct str a, struct str own)
{
    if (!str_starts(a, own))
        return false;
    a = str_from_offset(a, own.len);
    for (size_t i = 0; a.len > 0 && i < COUNT(suffixes); i++)
        if (str_eq(a, suffixes[i]))
            return true;
    return a.len == 0;
}

bool etag_is_listed(struct str field, struct str etag)
{
    struct str rest = str_trim(field), own, other;
    bool found = false;

    if (str_eq(rest, STR("*")))
        return true;
    if (!take_tag(&etag, &own))
        return false;
    while (rest.len > 0) {
        if (rest.ptr[0] == ',') {
            rest = str_trim(str_from_offset(rest, 1));
            continue;
        }
        if (!take_tag(&rest, &other) || (rest.len > 0 && rest.ptr[0] != ','))
            return false;
        found = found || is_same(other, own);
    }
    return found;
}

bool etag_is_single(struct str field)
{
    struct str rest = str_trim(field), opaque;

    return take_tag(&rest, &opaque) && rest.len == 0;
}

struct str etag_of(struct str bytes, bool weak, char room[static ETAG_SIZE])
{
    unsigned char digest[SHA256_SIZE];
    size_t at = 0;

    sha256(bytes, digest);
    if (weak) {
        room[at++] = 'W';
        room[at++] = '/';
    }
    room[at++] = '"';
    hex_encode(digest, ETAG_DIGEST, room + at);
    at += 2 * ETAG_DIGEST;
    room[at++] = '"';
    return str_make(room, at);
}
