/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/format.h"

#include "base/clock.h"
#include "base/email.h"
#include "base/idiom.h"
#include "base/utf8.h"

enum { DAY_LEN = 10 };

static bool is_day(struct str s)
{
    int64_t ms;

    return s.len == DAY_LEN && clock_parse_iso(s, &ms) == ERR_OK;
}

static bool is_email(struct str s)
{
    char room[EMAIL_MAX];
    struct str email;

    return email_normalise(s, room, &email) == ERR_OK;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of what one character of a URI takes at the front of s; 0: none may be there. */
static size_t uri_char(struct str s)
{
    static const char others[] = "-._~:/?#[]@!$&'()*+,;=";
    unsigned char byte;

    if (s.ptr[0] == '%')
        return s.len >= 3 && hex_decode(str_make(s.ptr + 1, 2), &byte, 1) == ERR_OK ? 3 : 0;
    return is_letter(s.ptr[0]) || is_digit(s.ptr[0]) ||
                   memchr(others, s.ptr[0], sizeof others - 1) != NULL
               ? 1
               : 0;
}

/* An absolute one (RFC 3986 section 3): a scheme, and the characters that are allowed in it. */
static bool is_uri(struct str s)
{
    size_t colon = str_find(s, ':'), step;

    if (colon == 0 || colon + 1 >= s.len || !is_letter(s.ptr[0]))
        return false;
    for (size_t i = 1; i < colon; i++)
        if (!is_letter(s.ptr[i]) && !is_digit(s.ptr[i]) && s.ptr[i] != '+' && s.ptr[i] != '-' &&
            s.ptr[i] != '.')
            return false;
    for (s = str_from_offset(s, colon + 1); s.len > 0; s = str_from_offset(s, step)) {
        step = uri_char(s);
        if (step == 0)
            return false;
    }
    return true;
}

static const struct {
    bool (*holds)(struct str s);
    struct str rule;
} formats[] = {
    [FORMAT_URI] = {is_uri, STR_INIT("must be a URI such as https://example.org/a")},
    [FORMAT_EMAIL] = {is_email, STR_INIT("must be an address such as ada@example.org")},
    [FORMAT_DATE] = {is_day, STR_INIT("must be a day such as 2026-11-23")},
};

bool format_holds(enum string_format format, struct str s)
{
    return format == FORMAT_NONE || formats[format].holds(s);
}

struct str format_rule(enum string_format format)
{
    return formats[format].rule;
}

/* --- What shows --- */

/* White space, controls, and what Unicode calls ignorable by default; in order. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    {0x00, 0x20},       {0x7f, 0xa0},       {0xad, 0xad},     {0x034f, 0x034f}, {0x061c, 0x061c},
    {0x115f, 0x1160},   {0x1680, 0x1680},   {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2000, 0x200f},
    {0x2028, 0x202f},   {0x205f, 0x206f},   {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

static bool is_hidden(uint32_t code)
{
    for (size_t i = 0; i < COUNT(hidden) && code >= hidden[i].first; i++)
        if (code <= hidden[i].last)
            return true;
    return false;
}

/* Takes the first code point off *s. */
static uint32_t next_code(struct str *s)
{
    const unsigned char *at = (const unsigned char *)s->ptr;
    size_t len = at[0] < 0x80 ? 1 : utf8_sequence(at, s->len);
    uint32_t code;

    if (len == 0)
        len = 1;
    code = len == 1 ? at[0] : at[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (at[i] & 0x3f);
    *s = str_from_offset(*s, len);
    return code;
}

bool format_shows(struct str s)
{
    while (s.len > 0)
        if (!is_hidden(next_code(&s)))
            return true;
    return false;
}
