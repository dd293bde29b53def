/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json_writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/clock.h"
#include "base/utf8.h"

enum { SLACK = 32, NUMBER_MAX = 40, DECIMALS_MAX = 6 };

bool json_writer_grow(struct json_writer *writer, size_t size)
{
    struct buf *buf = writer->buf;

    if (writer->failed)
        return false;
    if (writer->at != NULL)
        buf->len = (size_t)(writer->at - buf->ptr);
    writer->at = buf_reserve(buf, size);
    writer->failed = writer->at == NULL;
    writer->end = writer->failed ? NULL : buf->ptr + buf->size;
    return !writer->failed;
}

void json_writer_begin(struct json_writer *writer, struct buf *buf)
{
    *writer = (struct json_writer){.buf = buf};
    json_writer_grow(writer, SLACK);
}

void json_writer_end(struct json_writer *writer)
{
    if (!writer->failed)
        writer->buf->len = (size_t)(writer->at - writer->buf->ptr);
}

void json_writer_raw(struct json_writer *writer, const char *text, size_t len)
{
    if (len == 0 || !json_writer_room(writer, len))
        return;
    memcpy(writer->at, text, len);
    writer->at += len;
}

/* Text. */

/* What a byte is within a string; what is none of these is the letter behind the backslash. */
enum { PLAIN, CONTROL, SEQUENCE /* of UTF-8, or part of one */ };

static const unsigned char special[256] = {
    [0 ... 7] = CONTROL,
    ['\b'] = 'b',
    ['\t'] = 't',
    ['\n'] = 'n',
    ['\v'] = CONTROL,
    ['\f'] = 'f',
    ['\r'] = 'r',
    [14 ... 31] = CONTROL,
    ['"'] = '"',
    ['\\'] = '\\',
    [0x80 ... 0xff] = SEQUENCE,
};

/* Writes the escape of the special byte at text; returns how many bytes of text that took. */
static size_t put_special(struct json_writer *writer, const unsigned char *text, size_t len)
{
    unsigned char c = text[0], kind = special[c];
    size_t used = 1;

    if (kind == SEQUENCE) {
        used = utf8_sequence(text, len);
        memcpy(writer->at, used > 0 ? (const char *)text : "\xef\xbf\xbd", used > 0 ? used : 3);
        writer->at += used > 0 ? used : 3;
        return used > 0 ? used : 1;
    }
    *writer->at++ = '\\';
    if (kind == CONTROL) {
        memcpy(writer->at, "u00", 3);
        hex_encode(&c, 1, writer->at + 3);
        writer->at += 5;
    } else {
        *writer->at++ = (char)kind;
    }
    return used;
}

#ifdef __SSE2__
/* A bit for each of 16 bytes that is special. */
static int special_bytes(__m128i bytes)
{
    const __m128i space = _mm_set1_epi8(0x20), quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');

    /* Signed: what is above 0x7f counts as less than a space. */
    return _mm_movemask_epi8(
        _mm_or_si128(_mm_cmplt_epi8(bytes, space),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash))));
}
#endif

/* Copies plain bytes up to the first special one; there is room for len and 16 bytes more. */
static size_t put_plain(char *to, const unsigned char *text, size_t len)
{
    size_t at = 0;

#ifdef __SSE2__
    for (; len - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        int mask = special_bytes(bytes);
        _mm_storeu_si128((__m128i *)(void *)(to + at), bytes);
        if (mask != 0)
            return at + (size_t)__builtin_ctz((unsigned)mask);
    }
#endif
    while (at < len && special[text[at]] == PLAIN) {
        to[at] = (char)text[at];
        at++;
    }
    return at;
}

/* False when there is no room. */
static inline bool json_writer_put_text(struct json_writer *writer, const unsigned char *from,
                                        size_t len)
{
    while (len > 0) {
        size_t done = put_plain(writer->at, from, len);
        writer->at += done;
        from += done;
        len -= done;
        while (len > 0 && special[*from] != PLAIN) {
            done = put_special(writer, from, len);
            from += done;
            len -= done;
            if (!json_writer_room(writer, len + SLACK))
                return false;
        }
    }
    return true;
}

void json_writer_text(struct json_writer *writer, const char *text, size_t len)
{
    if (json_writer_room(writer, len + SLACK))
        json_writer_put_text(writer, (const unsigned char *)text, len);
}

void json_writer_string(struct json_writer *writer, const char *text, size_t len)
{
    if (!json_writer_room(writer, len + SLACK))
        return;
    *writer->at++ = '"';
    if (json_writer_put_text(writer, (const unsigned char *)text, len))
        *writer->at++ = '"';
}

void json_writer_member(struct json_writer *writer, char mark, const char *name, size_t len,
                        size_t readable)
{
    if (!json_writer_room(writer, len + 2 * SLACK))
        return;
    *writer->at++ = mark;
#ifdef __SSE2__
    if (len <= 16 && readable >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)name);
        if ((special_bytes(bytes) & ((1 << len) - 1)) == 0) {
            *writer->at = '"';
            _mm_storeu_si128((__m128i *)(void *)(writer->at + 1), bytes);
            writer->at += len + 1;
            *writer->at++ = '"';
            *writer->at++ = ':';
            return;
        }
    }
#endif
    (void)readable;
    json_writer_string(writer, name, len);
    json_writer_raw(writer, ":", 1);
}

/* Numbers. */

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
                            "34353637383940414243444546474849505152535455565758596061626364656667"
                            "6869707172737475767778798081828384858687888990919293949596979899";

static char *put_uint(char *to, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    while (value >= 100) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * value, 2);
    } else {
        digits[--at] = (char)('0' + value);
    }
    memcpy(to, digits + at, sizeof digits - at);
    return to + sizeof digits - at;
}

void json_writer_int64(struct json_writer *writer, int64_t value)
{
    if (!json_writer_room(writer, NUMBER_MAX))
        return;
    if (value < 0)
        *writer->at++ = '-';
    writer->at = put_uint(writer->at, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* A number of few decimals is a whole one divided by a power of ten.  Both are exact, and so the
 * division rounds as reading the text would: if it gives the number again, so does the text. */
static bool put_decimal(struct json_writer *writer, double number)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    static const uint64_t whole_powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    double size = fabs(number);

    if (!(size < 1e9))
        return false;
    for (unsigned decimals = 1; decimals <= DECIMALS_MAX; decimals++) {
        uint64_t whole = (uint64_t)(size * powers[decimals] + 0.5), rest;
        if ((double)whole / powers[decimals] != size)
            continue;
        if (number < 0)
            *writer->at++ = '-';
        writer->at = put_uint(writer->at, whole / whole_powers[decimals]);
        rest = whole % whole_powers[decimals];
        *writer->at = '.';
        for (unsigned i = decimals; i > 0; i--, rest /= 10)
            writer->at[i] = (char)('0' + rest % 10);
        writer->at += decimals + 1;
        return true;
    }
    return false;
}

void json_writer_number(struct json_writer *writer, double number)
{
    char text[NUMBER_MAX];
    int len;

    if (!isfinite(number)) {
        json_writer_raw(writer, "null", 4);
        return;
    }
    if (number == 0 && signbit(number)) {
        json_writer_raw(writer, "-0.0", 4);
        return;
    }
    if (fabs(number) < 1e15 && (double)(int64_t)number == number) {
        json_writer_int64(writer, (int64_t)number);
        return;
    }
    if (!json_writer_room(writer, NUMBER_MAX) || put_decimal(writer, number))
        return;
    for (int digits = 15; digits <= 17; digits++) {
        len = snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    json_writer_raw(writer, text, (size_t)len);
}

void json_writer_date(struct json_writer *writer, int64_t wall_ms)
{
    enum { DAY_MS = 86400000, DAY_TEXT = 11 };
    static _Thread_local int64_t cached_day = INT64_MIN;
    static _Thread_local char cached[CLOCK_ISO_SIZE];
    int64_t day = wall_ms >= 0 ? wall_ms / DAY_MS : -1;
    unsigned ms;
    char *to;

    if (!json_writer_room(writer, CLOCK_ISO_SIZE + 2))
        return;
    to = writer->at;
    *to++ = '"';
    if (day < 0 || day != cached_day) {
        clock_iso(wall_ms, to);
        memcpy(cached, to, sizeof cached);
        cached_day = wall_ms > CLOCK_LAST_MS ? -1 : day;
    } else {
        memcpy(to, cached, DAY_TEXT);
        ms = (unsigned)(wall_ms % DAY_MS);
        memcpy(to + 11, pairs + 2 * (ms / 3600000), 2);
        memcpy(to + 14, pairs + 2 * (ms / 60000 % 60), 2);
        memcpy(to + 17, pairs + 2 * (ms / 1000 % 60), 2);
        to[20] = (char)('0' + ms / 100 % 10);
        memcpy(to + 21, pairs + 2 * (ms % 100), 2);
        to[13] = to[16] = ':';
        to[19] = '.';
        to[23] = 'Z';
    }
    to[CLOCK_ISO_SIZE] = '"';
    writer->at = to + CLOCK_ISO_SIZE + 1;
}

void json_writer_hex(struct json_writer *writer, const unsigned char *bytes, size_t len)
{
    if (!json_writer_room(writer, 2 * len + 2))
        return;
    *writer->at++ = '"';
    hex_encode(bytes, len, writer->at);
    writer->at += 2 * len;
    *writer->at++ = '"';
}

void json_put_string(struct buf *buf, struct str text)
{
    struct json_writer writer;

    json_writer_begin(&writer, buf);
    json_writer_string(&writer, text.ptr, text.len);
    json_writer_end(&writer);
}

void json_put_double(struct buf *buf, double number)
{
    struct json_writer writer;

    json_writer_begin(&writer, buf);
    json_writer_number(&writer, number);
    json_writer_end(&writer);
}
