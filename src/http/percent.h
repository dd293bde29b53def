/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_PERCENT_H
#define LARDER_HTTP_PERCENT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Percent-decoding (RFC 3986 section 2.1), once and strictly.  *out is s itself when there is
 * nothing to decode, else in the arena.  ERR_SYNTAX for a percent sign without two hex digits, for
 * NUL, for control characters that are not encoded, and for what is not UTF-8 afterwards. */

/* A name or value of a query: '+' is a space.  Encoded control characters are let through, since
 * stored texts may have them. */
enum err percent_decode_query(struct str s, struct arena *arena, struct str *out);
/* A path: encoded control characters are refused too, and so is an encoded slash, since it would
 * not be the separator that it looks like. */
enum err percent_decode_path(struct str s, struct arena *arena, struct str *out);

/* RFC 3986 section 2.3. */
static inline bool percent_is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* s with all encoded but the unreserved characters, in room, which must have 3 × len bytes. */
static inline struct str percent_encode(struct str s, char *room)
{
    static const char hex[] = "0123456789ABCDEF";
    char *to = room;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (percent_is_unreserved(c)) {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        }
    }
    return str_make(room, (size_t)(to - room));
}

#endif
