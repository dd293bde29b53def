/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/idiom.h"
#include "base/utf8.h"

int str_cmp(struct str a, struct str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

size_t str_find(struct str s, char c)
{
    const char *at = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;

    return at != NULL ? (size_t)(at - s.ptr) : s.len;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct str str_trim(struct str s)
{
    while (s.len > 0 && is_blank(s.ptr[0]))
        s = str_from_offset(s, 1);
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool str_split(struct str *rest, char separator, struct str *part)
{
    if (rest->ptr == NULL)
        return false;
    size_t at = str_find(*rest, separator);
    *part = str_make(rest->ptr, at);
    if (at == rest->len)
        *rest = str_make(NULL, 0);
    else
        *rest = str_from_offset(*rest, at + 1);
    return true;
}

size_t str_utf8_len(struct str s)
{
    const unsigned char *text = (const unsigned char *)s.ptr;
    size_t at = 0, len = 1;

    while (at < s.len && len > 0) {
        len = text[at] < 0x80 ? 1 : utf8_sequence(text + at, s.len - at);
        at += len;
    }
    return at;
}

bool str_is_utf8(struct str s)
{
    return str_utf8_len(s) == s.len;
}

size_t str_chars(struct str s)
{
    size_t count = 0;

    for (size_t i = 0; i < s.len; i++)
        count += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return count;
}

enum err str_uint(struct str s, uint64_t min, uint64_t max, uint64_t *out)
{
    const size_t safe = 19; /* so few digits cannot overflow */
    uint64_t value = 0;

    if (s.len == 0)
        return ERR_SYNTAX;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return ERR_SYNTAX;
    for (size_t i = 0; i < s.len && i < safe; i++)
        value = value * 10 + (uint64_t)(s.ptr[i] - '0');
    for (size_t i = safe; i < s.len; i++)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.ptr[i] - '0'), &value))
            return ERR_RANGE;
    if (value < min || value > max)
        return ERR_RANGE;
    *out = value;
    return ERR_OK;
}

enum err str_int(struct str s, int64_t min, int64_t max, int64_t *out)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t magnitude;
    enum err err = str_uint(str_from_offset(s, negative), 0, limit, &magnitude);

    if (err != ERR_OK)
        return err;
    int64_t value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    if (value < min || value > max)
        return ERR_RANGE;
    *out = value;
    return ERR_OK;
}

static size_t digits(struct str s)
{
    size_t count = 0;

    while (count < s.len && s.ptr[count] >= '0' && s.ptr[count] <= '9')
        count++;
    return count;
}

static bool is_json_number(struct str s)
{
    size_t count;

    if (s.len > 0 && s.ptr[0] == '-')
        s = str_from_offset(s, 1);
    count = digits(s);
    if (count == 0 || (count > 1 && s.ptr[0] == '0'))
        return false;
    s = str_from_offset(s, count);
    if (s.len > 0 && s.ptr[0] == '.') {
        s = str_from_offset(s, 1);
        count = digits(s);
        if (count == 0)
            return false;
        s = str_from_offset(s, count);
    }
    if (s.len > 0 && (s.ptr[0] == 'e' || s.ptr[0] == 'E')) {
        s = str_from_offset(s, 1);
        if (s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-'))
            s = str_from_offset(s, 1);
        count = digits(s);
        if (count == 0)
            return false;
        s = str_from_offset(s, count);
    }
    return s.len == 0;
}

/* The largest number, written out, has 309 digits. */
enum { DOUBLE_TEXT_MAX = 512 };

enum err str_double(struct str s, double min, double max, double *out)
{
    char text[DOUBLE_TEXT_MAX];
    double value;

    if (s.len >= sizeof text || !is_json_number(s))
        return ERR_SYNTAX;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    value = strtod(text, NULL);
    if (!isfinite(value) || value < min || value > max)
        return ERR_RANGE;
    *out = value == 0 ? 0 : value; /* -0 is 0 */
    return ERR_OK;
}

enum err str_size(struct str s, uint64_t min, uint64_t max, uint64_t *out)
{
    static const struct {
        struct str suffix;
        unsigned shift;
    } units[] = {
        {STR_INIT("kib"), 10}, {STR_INIT("mib"), 20}, {STR_INIT("gib"), 30}, {STR_INIT("k"), 10},
        {STR_INIT("m"), 20},   {STR_INIT("g"), 30},   {STR_INIT(""), 0},
    };
    struct str number = str_make(s.ptr, digits(s));
    struct str suffix = str_trim(str_from_offset(s, number.len));
    uint64_t value;
    enum err err;

    for (size_t i = 0; i < COUNT(units); i++) {
        if (!str_eq_nocase(suffix, units[i].suffix))
            continue;
        err = str_uint(number, 0, UINT64_MAX >> units[i].shift, &value);
        if (err != ERR_OK)
            return err;
        value <<= units[i].shift;
        if (value < min || value > max)
            return ERR_RANGE;
        *out = value;
        return ERR_OK;
    }
    return ERR_SYNTAX;
}

struct str str_decimal(uint64_t value, char room[static DECIMAL_MAX])
{
    size_t at = DECIMAL_MAX;

    do {
        room[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return str_make(room + at, DECIMAL_MAX - at);
}

void hex_encode(const void *from, size_t len, char *to)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *bytes = from;

    for (size_t i = 0; i < len; i++) {
        to[2 * i] = hex[bytes[i] >> 4];
        to[2 * i + 1] = hex[bytes[i] & 15];
    }
}

/* Value + 1 of each digit, 0 of what is none. */
static const unsigned char hex_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16};

enum err hex_decode(struct str s, void *to, size_t len)
{
    const unsigned char *digits = (const unsigned char *)s.ptr;
    unsigned char *bytes = to;

    if (s.len != 2 * len)
        return ERR_SYNTAX;
    for (size_t i = 0; i < len; i++) {
        unsigned high = hex_values[digits[2 * i]], low = hex_values[digits[2 * i + 1]];
        if (high == 0 || low == 0)
            return ERR_SYNTAX;
        bytes[i] = (unsigned char)((high - 1) << 4 | (low - 1));
    }
    return ERR_OK;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_encode(const void *from, size_t len, char *to)
{
    const unsigned char *bytes = from;

    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (j < n ? bytes[i + j] : 0);
        for (size_t j = 0; j <= n; j++)
            *to++ = base64_digits[bits >> (18 - 6 * j) & 63];
    }
}

enum err base64url_decode(struct str s, void *to, size_t *len)
{
    unsigned char *bytes = to;
    uint32_t bits = 0;
    int have = 0;

    for (size_t i = 0; i < s.len; i++) {
        const char *digit = memchr(base64_digits, s.ptr[i], sizeof base64_digits - 1);
        if (digit == NULL)
            return ERR_SYNTAX;
        bits = bits << 6 | (uint32_t)(digit - base64_digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            *bytes++ = (unsigned char)(bits >> have);
            bits &= (UINT32_C(1) << have) - 1;
        }
    }
    *len = (size_t)(bytes - (unsigned char *)to);
    return have < 6 && bits == 0 ? ERR_OK : ERR_SYNTAX;
}
