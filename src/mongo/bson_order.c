/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/bson_order.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mongo/bson_value.h"

enum { OID_LENGTH = 12, LENGTH = 4, DOUBLE_DIGITS = 800 };

static int sign_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* --- Brackets --- */

static bool is_nan_text(struct str text)
{
    return text.len > 0 && text.ptr[text.len - 1] == 'N';
}

static bool is_nan_decimal(const uint8_t *data)
{
    char room[BSON_DECIMAL_SIZE];

    return is_nan_text(bson_decimal_text(data, room));
}

static enum bracket bracket_of(enum bson_kind kind, const uint8_t *data)
{
    switch (kind) {
    case KIND_MIN_KEY: return BRACKET_MIN_KEY;
    case KIND_UNDEFINED: return BRACKET_EMPTY;
    case KIND_NULL: return BRACKET_NULL;
    case KIND_DOUBLE: return isnan(bson_get_double(data)) ? BRACKET_NAN : BRACKET_NUMBER;
    case KIND_DECIMAL: return is_nan_decimal(data) ? BRACKET_NAN : BRACKET_NUMBER;
    case KIND_INT32:
    case KIND_INT64: return BRACKET_NUMBER;
    case KIND_STRING:
    case KIND_SYMBOL: return BRACKET_STRING;
    case KIND_DOCUMENT: return BRACKET_OBJECT;
    case KIND_ARRAY: return BRACKET_ARRAY;
    case KIND_BINARY: return BRACKET_BINARY;
    case KIND_OID: return BRACKET_OID;
    case KIND_BOOL: return BRACKET_BOOL;
    case KIND_DATE: return BRACKET_DATE;
    case KIND_TIMESTAMP: return BRACKET_TIMESTAMP;
    case KIND_REGEX: return BRACKET_REGEX;
    case KIND_POINTER: return BRACKET_POINTER;
    case KIND_CODE: return BRACKET_CODE;
    case KIND_SCOPED_CODE: return BRACKET_SCOPED_CODE;
    case KIND_MAX_KEY: return BRACKET_MAX_KEY;
    }
    return BRACKET_MAX_KEY;
}

enum bracket bson_bracket(const struct bson_element *element)
{
    return bracket_of(element->kind, element->data);
}

enum bracket bson_value_bracket(const struct value *value)
{
    switch (value->type) {
    case VALUE_NONE:
    case VALUE_NULL: return BRACKET_NULL;
    case VALUE_BOOL: return BRACKET_BOOL;
    case VALUE_INT: return BRACKET_NUMBER;
    case VALUE_DOUBLE: return isnan(value->number) ? BRACKET_NAN : BRACKET_NUMBER;
    case VALUE_DECIMAL: return is_nan_text(value->string) ? BRACKET_NAN : BRACKET_NUMBER;
    case VALUE_STRING: return BRACKET_STRING;
    case VALUE_BYTES:
    case VALUE_UUID: return BRACKET_BINARY;
    case VALUE_DATE: return BRACKET_DATE;
    case VALUE_OID: return BRACKET_OID;
    case VALUE_LIST: return BRACKET_ARRAY;
    case VALUE_OBJECT: return BRACKET_OBJECT;
    case VALUE_RAW: return bracket_of(value->raw.kind, (const uint8_t *)value->raw.bytes.ptr);
    }
    return BRACKET_NULL;
}

/* --- Numbers --- */

/* 0.DIGITS times ten to the power of exponent, exactly, whatever it was. */
struct number {
    int sign; /* -1, 0, 1 */
    long exponent;
    char digits[DOUBLE_DIGITS];
    size_t count;
};

/* From "-12.5E-3" in any form; infinite is a very large exponent. */
static void read_number(struct number *number, struct str text)
{
    long point = -1, power = 0;
    size_t at = 0, first = 0;

    *number = (struct number){.sign = 1};
    if (text.len > 0 && *text.ptr == '-') {
        number->sign = -1;
        at++;
    }
    for (; at < text.len && (text.ptr[at] | 32) != 'e' && (text.ptr[at] | 32) != 'i'; at++) {
        if (text.ptr[at] == '.')
            point = (long)number->count;
        else if (number->count < sizeof number->digits)
            number->digits[number->count++] = text.ptr[at];
    }
    if (at < text.len)
        power = (text.ptr[at] | 32) == 'i' ? 1000000 : strtol(text.ptr + at + 1, NULL, 10);
    number->exponent = (point >= 0 ? point : (long)number->count) + power;
    if (power == 1000000)
        number->digits[number->count++] = '1';
    while (first < number->count && number->digits[first] == '0')
        first++;
    memmove(number->digits, number->digits + first, number->count - first);
    number->count -= first;
    number->exponent -= (long)first;
    while (number->count > 0 && number->digits[number->count - 1] == '0')
        number->count--;
    if (number->count == 0)
        number->sign = 0;
}

static void make_number(struct number *number, const struct bson_element *element)
{
    char room[DOUBLE_DIGITS + 16];
    struct str text;
    int len;

    if (element->kind == KIND_DECIMAL) {
        text = bson_decimal_text(element->data, room);
        room[text.len] = '\0';
    } else {
        len =
            element->kind == KIND_DOUBLE
                ? snprintf(room, sizeof room, "%.*e", DOUBLE_DIGITS - 8,
                           bson_get_double(element->data))
                : snprintf(room, sizeof room, "%lld",
                           element->kind == KIND_INT32 ? (long long)bson_get_int32(element->data)
                                                       : (long long)bson_get_int64(element->data));
        text = str_make(room, (size_t)len);
    }
    read_number(number, text);
}

static int compare_exactly(const struct bson_element *a, const struct bson_element *b)
{
    struct number left, right;
    int order;

    make_number(&left, a);
    make_number(&right, b);
    if (left.sign != right.sign || left.sign == 0)
        return left.sign - right.sign;
    order = left.exponent != right.exponent
                ? sign_of(left.exponent, right.exponent)
                : str_cmp(str_make(left.digits, left.count), str_make(right.digits, right.count));
    return left.sign * order;
}

static long double wide(const struct bson_element *element)
{
    if (element->kind == KIND_DOUBLE)
        return (long double)bson_get_double(element->data);
    return element->kind == KIND_INT32 ? (long double)bson_get_int32(element->data)
                                       : (long double)bson_get_int64(element->data);
}

static int compare_numbers(const struct bson_element *a, const struct bson_element *b)
{
    if (a->kind == KIND_DECIMAL || b->kind == KIND_DECIMAL)
        return compare_exactly(a, b);
    return (wide(a) > wide(b)) - (wide(a) < wide(b));
}

/* --- The others --- */

static struct str text_of(const struct bson_element *element)
{
    const uint8_t *data = element->data;

    if (element->kind == KIND_STRING)
        return str_make((const char *)data, element->len);
    if (element->kind == KIND_SCOPED_CODE)
        data += LENGTH;
    return str_make((const char *)data + LENGTH, (size_t)bson_get_int32(data) - 1);
}

static int compare_binary(const struct bson_element *a, const struct bson_element *b)
{
    int order = sign_of((int64_t)a->len, (int64_t)b->len);

    if (order == 0)
        order = a->data[-1] - b->data[-1];
    return order != 0 ? order : memcmp(a->data, b->data, a->len);
}

static int compare_timestamps(const struct bson_element *a, const struct bson_element *b)
{
    uint64_t left = (uint64_t)bson_get_int64(a->data), right = (uint64_t)bson_get_int64(b->data);

    return (left > right) - (left < right);
}

static int compare_bytes(const struct bson_element *a, const struct bson_element *b)
{
    return str_cmp(str_make((const char *)a->data, a->len),
                   str_make((const char *)b->data, b->len));
}

static int compare(const struct bson_element *a, const struct bson_element *b, unsigned depth);

/* Element by element: type, name, value; the shorter first. */
static int compare_nested(const struct bson_element *a, const struct bson_element *b,
                          unsigned depth)
{
    struct bson_element left, right;
    struct bson_walk walk_a, walk_b;
    int more_a, more_b, order = 0;

    if (depth > BSON_DEPTH_MAX || !bson_walk_init(&walk_a, a->data, a->len) ||
        !bson_walk_init(&walk_b, b->data, b->len))
        return 0;
    while (order == 0) {
        more_a = bson_walk_next(&walk_a, (struct str){NULL, 0}, &left);
        more_b = bson_walk_next(&walk_b, (struct str){NULL, 0}, &right);
        if (more_a <= 0 || more_b <= 0)
            return (more_a > 0) - (more_b > 0);
        order = sign_of(bson_bracket(&left), bson_bracket(&right));
        if (order == 0 && a->kind == KIND_DOCUMENT)
            order = str_cmp(left.name, right.name);
        if (order == 0)
            order = compare(&left, &right, depth + 1);
    }
    return order;
}

static int compare(const struct bson_element *a, const struct bson_element *b, unsigned depth)
{
    enum bracket bracket = bson_bracket(a);
    int order = sign_of(bracket, bson_bracket(b));

    if (order != 0)
        return order;
    switch (bracket) {
    case BRACKET_NUMBER: return compare_numbers(a, b);
    case BRACKET_SCOPED_CODE:
    case BRACKET_CODE:
    case BRACKET_STRING: return str_cmp(text_of(a), text_of(b));
    case BRACKET_OBJECT:
    case BRACKET_ARRAY: return compare_nested(a, b, depth);
    case BRACKET_BINARY: return compare_binary(a, b);
    case BRACKET_OID: return memcmp(a->data, b->data, OID_LENGTH);
    case BRACKET_BOOL: return (*a->data != 0) - (*b->data != 0);
    case BRACKET_DATE: return sign_of(bson_get_int64(a->data), bson_get_int64(b->data));
    case BRACKET_TIMESTAMP: return compare_timestamps(a, b);
    case BRACKET_REGEX:
    case BRACKET_POINTER: return compare_bytes(a, b);
    case BRACKET_MIN_KEY:
    case BRACKET_EMPTY:
    case BRACKET_NULL:
    case BRACKET_NAN:
    case BRACKET_MAX_KEY:
    case BRACKETS: break;
    }
    return 0;
}

int bson_order(const struct bson_element *a, const struct bson_element *b)
{
    return compare(a, b, 0);
}
