/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/percent.h"

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

/* Whether s can be used as it stands: plain visible ASCII. */
static bool is_plain(struct str s, bool plus)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < 0x20 || c >= 0x7f || c == '%' || (plus && c == '+'))
            return false;
    }
    return true;
}

static enum err decode(struct str s, bool query, struct arena *arena, struct str *out)
{
    char *to;
    size_t len = 0;

    if (is_plain(s, query)) {
        *out = s;
        return ERR_OK;
    }
    to = arena_alloc(arena, s.len);
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (is_control((unsigned char)c))
            return ERR_SYNTAX;
        if (c == '%') {
            if (s.len - i < 3 || hex_decode(str_make(s.ptr + i + 1, 2), &c, 1) != ERR_OK ||
                c == '\0' || (!query && (c == '/' || is_control((unsigned char)c))))
                return ERR_SYNTAX;
            i += 2;
        } else if (query && c == '+') {
            c = ' ';
        }
        to[len++] = c;
    }
    *out = str_make(to, len);
    return str_is_utf8(*out) ? ERR_OK : ERR_SYNTAX;
}

enum err percent_decode_query(struct str s, struct arena *arena, struct str *out)
{
    return decode(s, true, arena, out);
}

enum err percent_decode_path(struct str s, struct arena *arena, struct str *out)
{
    return decode(s, false, arena, out);
}
