/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_STR_H
#define LARDER_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

/* A borrowed run of bytes: not terminated, may hold NUL, valid as long as what it points into.
 * ptr may be NULL only when len is 0. */
struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_INIT(literal)                                                                          \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static inline struct str str_make(const char *ptr, size_t len)
{
    return (struct str){ptr, len};
}

/* NULL gives the empty string. */
static inline struct str str_from(const char *text)
{
    return (struct str){text, text != NULL ? strlen(text) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

/* Returns the rest of s from offset at on; at is clamped to the length. */
static inline struct str str_from_offset(struct str s, size_t at)
{
    if (at > s.len)
        at = s.len;
    return (struct str){s.len > 0 ? s.ptr + at : s.ptr, s.len - at};
}

/* Copies the bytes to a place with enough room; returns the address behind them. */
static inline char *str_put(char *to, struct str s)
{
    if (s.len > 0)
        memcpy(to, s.ptr, s.len);
    return to + s.len;
}

/* Compares bytewise, a prefix before the longer string: <0, 0, >0. */
int str_cmp(struct str a, struct str b);
/* Equality without regard to ASCII case. */
bool str_eq_nocase(struct str a, struct str b);
/* Offset of the first byte c, or s.len. */
size_t str_find(struct str s, char c);
/* s without leading and trailing blanks and tabs. */
struct str str_trim(struct str s);
/* Splits at the first separator: *part is what precedes it, *rest what follows.  Returns false if
 * *rest was used up before (its ptr is NULL then). */
bool str_split(struct str *rest, char separator, struct str *part);
/* Well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong, at most U+10FFFF). */
bool str_is_utf8(struct str s);
/* Returns the length of the longest well-formed prefix of s. */
size_t str_utf8_len(struct str s);
/* Number of code points; s must be well-formed. */
size_t str_chars(struct str s);

/* Numbers from outside: the whole of s, in decimal, within [min, max]. ERR_SYNTAX for any other
 * text, ERR_RANGE outside the range; *out is then unchanged. */
enum err str_uint(struct str s, uint64_t min, uint64_t max, uint64_t *out);
enum err str_int(struct str s, int64_t min, int64_t max, int64_t *out);
/* JSON's number grammar (RFC 8259 section 6), finite, of fewer than 512 bytes. */
enum err str_double(struct str s, double min, double max, double *out);
/* Sizes such as 65536, 64k, 64MiB, 1g: powers of 1,024. */
enum err str_size(struct str s, uint64_t min, uint64_t max, uint64_t *out);

/* The number as text, within room. */
enum { DECIMAL_MAX = 20 };
struct str str_decimal(uint64_t value, char room[static DECIMAL_MAX]);

/* Lower-case hexadecimal. to must have room for 2 × len bytes; no NUL is written. */
void hex_encode(const void *from, size_t len, char *to);
/* Exactly 2 × len hex digits of either case; ERR_SYNTAX otherwise. */
enum err hex_decode(struct str s, void *to, size_t len);
/* base64url without padding (RFC 4648 section 5). to must have room for BASE64_SIZE(len) bytes; no
 * NUL is written. */
#define BASE64_SIZE(len) (((len)*4 + 2) / 3)
void base64url_encode(const void *from, size_t len, char *to);
/* Decodes s into *len bytes; to must have room for s.len * 3 / 4.  ERR_SYNTAX unless s is exactly
 * an output of base64url_encode: unused bits are 0. */
enum err base64url_decode(struct str s, void *to, size_t *len);

#endif
