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

/* Everything from offset at on; at is clamped to the length. */
static inline struct str str_from_offset(struct str s, size_t at)
{
    if (at > s.len)
        at = s.len;
    return (struct str){s.len > 0 ? s.ptr + at : s.ptr, s.len - at};
}

/* Copies the bytes to where there is room for them; returns their end. */
static inline char *str_put(char *to, struct str s)
{
    if (s.len > 0)
        memcpy(to, s.ptr, s.len);
    return to + s.len;
}

/* Bytewise order, the shorter first where one begins the other: <0, 0, >0. */
int str_cmp(struct str a, struct str b);
/* Equality without regard to ASCII case. */
bool str_eq_nocase(struct str a, struct str b);
/* Offset of the first byte c, or s.len. */
size_t str_find(struct str s, char c);
/* s without leading and trailing blanks and tabs. */
struct str str_trim(struct str s);
/* Takes what precedes the first separator off *rest and gives it in *part; false when *rest
 * was used up (its ptr is NULL then). */
bool str_split(struct str *rest, char separator, struct str *part);
/* Well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong, at most U+10FFFF). */
bool str_is_utf8(struct str s);
/* How many bytes of s are such before the first that is not. */
size_t str_utf8_len(struct str s);
/* Number of code points; s must be well-formed. */
size_t str_chars(struct str s);

/* Numbers from outside: the whole of s, in decimal, within [min, max].
 * ERR_SYNTAX when it is no such number, ERR_RANGE outside the range; *out is left alone then. */
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
/* The bytes that s encodes, *len of them; to must have room for s.len * 3 / 4.  ERR_SYNTAX when
 * it is not exactly what base64url_encode gives: unused bits are 0. */
enum err base64url_decode(struct str s, void *to, size_t *len);

#endif
