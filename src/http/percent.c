/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/percent.h"

#include "base/word.h"

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

static uint64_t suspects(uint64_t word, bool plus)
{
    return word_has_control(word) | word_has(word, 0x7f) | word_has_high(word) |
           word_has(word, '%') | (plus ? word_has(word, '+') : 0);
}

/* Whether s can be used as it is: plain visible ASCII. */
static bool is_plain(struct str s, bool plus)
{
    char last[sizeof(uint64_t)];
    uint64_t found = 0;

    memset(last, ' ', sizeof last);
    for (; s.len >= sizeof last; s = str_from_offset(s, sizeof last))
        found |= suspects(word_load(s.ptr), plus);
    if (s.len > 0)
        memcpy(last, s.ptr, s.len);
    return (found | suspects(word_load(last), plus)) == 0;
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
            if (s.len - i < 3 || hex_decode(str_make(s.ptr + i + 1, 2), &c, 1) != ERR_OK)
                return ERR_SYNTAX;
            if (c == '\0' || (!query && is_control((unsigned char)c)))
                return ERR_INVALID;
            i += 2;
            if (!query && c == '/')
                c = PERCENT_SLASH;
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

struct str percent_slashes(struct str s, struct arena *arena)
{
    char *to;

    if (s.len == 0 || memchr(s.ptr, PERCENT_SLASH, s.len) == NULL)
        return s;
    to = arena_alloc(arena, s.len);
    for (size_t i = 0; i < s.len; i++)
        to[i] = s.ptr[i] == PERCENT_SLASH ? '/' : s.ptr[i];
    return str_make(to, s.len);
}

/* --- Encoding --- */

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

struct str percent_encode(struct str s, char *room)
{
    static const char hex[] = "0123456789ABCDEF";
    char *to = room;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (is_unreserved(c)) {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        }
    }
    return str_make(room, (size_t)(to - room));
}
