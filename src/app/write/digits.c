/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/digits.h"

#include <float.h>
#include <math.h>

#include "base/buf.h"
#include "base/json_writer.h"

#define EXACT_MAX 0x1p53
enum { DIGITS_MAX = DBL_MAX_10_EXP + 2, NUMBER_MAX = 40 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "1.50e3" as 1500, without a sign; false where it is not whole, or has more digits than a double
 * can. */
static bool put_whole(struct buf *out, struct str number)
{
    size_t mantissa = 0, point;
    struct str exponent;
    int64_t power = 0;

    if (number.ptr[0] == '-')
        number = str_from_offset(number, 1);
    while (mantissa < number.len && (is_digit(number.ptr[mantissa]) || number.ptr[mantissa] == '.'))
        mantissa++;
    exponent = str_from_offset(number, mantissa < number.len ? mantissa + 1 : mantissa);
    if (exponent.len > 0 && exponent.ptr[0] == '+')
        exponent = str_from_offset(exponent, 1);
    if (exponent.len > 0 && str_int(exponent, -DIGITS_MAX, DIGITS_MAX, &power) != ERR_OK)
        return false;
    number.len = mantissa;
    point = str_find(number, '.');
    for (size_t i = 0; i < number.len; i++)
        if (i != point && (out->len > 0 || number.ptr[i] != '0'))
            buf_char(out, number.ptr[i]);
    power -= point < number.len ? (int64_t)(number.len - point - 1) : 0;
    for (; power > 0; power--)
        buf_char(out, '0');
    for (; power < 0 && out->len > 0 && out->ptr[out->len - 1] == '0'; power++)
        out->len--;
    return power == 0 && out->err == ERR_OK;
}

/* As written by a double, or by those who write all digits that it has. */
static bool is_kept(struct str number)
{
    struct buf sent = BUF_INIT(DIGITS_MAX), kept = BUF_INIT(DIGITS_MAX);
    struct buf shortest = BUF_INIT(NUMBER_MAX);
    double value;
    bool same = true;

    if (str_double(number, -DBL_MAX, DBL_MAX, &value) == ERR_OK && fabs(value) >= EXACT_MAX &&
        put_whole(&sent, number)) {
        json_put_double(&shortest, value);
        same = put_whole(&kept, buf_view(&shortest)) && str_eq(buf_view(&sent), buf_view(&kept));
        buf_reset(&kept);
        buf_printf(&kept, "%.0f", fabs(value));
        same = same || str_eq(buf_view(&sent), buf_view(&kept));
    }
    buf_free(&sent);
    buf_free(&kept);
    buf_free(&shortest);
    return same;
}

/* The length of the number at the beginning; *real: it has a point or an exponent. */
static size_t number_len(struct str text, bool *real)
{
    size_t len = text.ptr[0] == '-';

    for (*real = false; len < text.len; len++) {
        char c = text.ptr[len];
        bool part = c == '.' || c == 'e' || c == 'E';
        if (!part && !is_digit(c) && c != '+' && c != '-')
            break;
        *real = *real || part;
    }
    return len;
}

size_t digits_lost(struct str json)
{
    bool in_string = false, real;

    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (is_digit(c) || c == '-')) {
            size_t len = number_len(str_from_offset(json, i), &real);
            if (real && !is_kept(str_make(json.ptr + i, len)))
                return i;
            i += len - 1;
        }
    }
    return json.len;
}
