/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/bson_value.h"

#include <stdio.h>

#include "base/clock.h"
#include "mongo/driver.h"

enum { SUBTYPE_OLD_BINARY = 2, SUBTYPE_UUID = 4, LENGTH = 4 };

static unsigned subtype_of(const struct bson_element *binary)
{
    return binary->data[-1];
}

static bool is_uuid(const struct bson_element *binary)
{
    return subtype_of(binary) == SUBTYPE_UUID && binary->len == UUID_SIZE;
}

/* --- Decimals --- */

/* "-1.5E-7" as sign, digits and the power of ten behind them. */
struct decimal {
    bool negative;
    char digits[DECIMAL_DIGITS_MAX + 1];
    int count, exponent;
};

static bool read_decimal(struct decimal *decimal, const char *text)
{
    bool point = false;

    *decimal = (struct decimal){.negative = *text == '-'};
    for (text += decimal->negative; *text != '\0' && *text != 'E'; text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        if (*text < '0' || *text > '9' || decimal->count >= DECIMAL_DIGITS_MAX)
            return false;
        decimal->digits[decimal->count++] = *text;
        decimal->exponent -= point;
    }
    if (*text == 'E') {
        int sign = text[1] == '-' ? -1 : 1, power = 0;
        for (text += 2; *text >= '0' && *text <= '9'; text++)
            power = power * 10 + (*text - '0');
        decimal->exponent += sign * power;
    }
    if (decimal->count == 1 && decimal->digits[0] == '0' && decimal->exponent > 0)
        decimal->exponent = 0;
    return decimal->count > 0;
}

/* Zeros that a plain form needs besides the digits. */
static int zeros_of(const struct decimal *decimal)
{
    int before = -decimal->exponent - decimal->count + 1;

    return decimal->exponent > 0 ? decimal->exponent : before > 0 ? before : 0;
}

static struct str put_plain(const struct decimal *decimal, char *room)
{
    int whole = decimal->count + decimal->exponent, at = 0; /* digits before the point */
    int zeros = zeros_of(decimal);

    if (decimal->negative)
        room[at++] = '-';
    for (int i = 0; decimal->exponent <= 0 && i < zeros; i++) {
        room[at++] = '0';
        if (i == 0)
            room[at++] = '.';
    }
    for (int i = 0; i < decimal->count; i++) {
        if (i > 0 && i == whole)
            room[at++] = '.';
        room[at++] = decimal->digits[i];
    }
    for (int i = 0; i < decimal->exponent; i++)
        room[at++] = '0';
    return str_make(room, (size_t)at);
}

struct str bson_decimal_text(const uint8_t *data, char room[static BSON_DECIMAL_SIZE])
{
    bson_decimal128_t number = {.low = (uint64_t)bson_get_int64(data),
                                .high = (uint64_t)bson_get_int64(data + 8)};
    char text[BSON_DECIMAL128_STRING];
    struct decimal decimal;

    bson_decimal128_to_string(&number, text);
    if (read_decimal(&decimal, text) && zeros_of(&decimal) <= DECIMAL_DIGITS_MAX - decimal.count)
        return put_plain(&decimal, room);
    return str_make(room, (size_t)snprintf(room, BSON_DECIMAL_SIZE, "%s", text));
}

/* --- JSON --- */

static void write_decimal(struct json_writer *out, const uint8_t *data)
{
    char room[BSON_DECIMAL_SIZE];
    struct str text = bson_decimal_text(data, room);
    char last = text.ptr[text.len - 1];

    if (last < '0' || last > '9')
        json_writer_raw(out, "null", 4); /* NaN, Infinity */
    else
        json_writer_string(out, text.ptr, text.len);
}

static void write_date(struct json_writer *out, int64_t wall_ms)
{
    if (wall_ms < CLOCK_FIRST_MS || wall_ms > CLOCK_LAST_MS)
        json_writer_raw(out, "null", 4);
    else
        json_writer_date(out, wall_ms);
}

/* RFC 4648 section 4. */
static void write_base64(struct json_writer *out, const uint8_t *data, size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    if (!json_writer_room(out, (len + 2) / 3 * 4 + 2))
        return;
    *out->at++ = '"';
    for (size_t i = 0; i < len; i += 3) {
        size_t rest = len - i;
        uint32_t group = (uint32_t)data[i] << 16;
        group |= rest > 1 ? (uint32_t)data[i + 1] << 8 : 0;
        group |= rest > 2 ? data[i + 2] : 0;
        *out->at++ = letters[group >> 18];
        *out->at++ = letters[group >> 12 & 63];
        *out->at++ = '=';
        *out->at++ = '=';
        if (rest > 1)
            out->at[-2] = letters[group >> 6 & 63];
        if (rest > 2)
            out->at[-1] = letters[group & 63];
    }
    *out->at++ = '"';
}

static void write_binary(struct json_writer *out, const struct bson_element *element)
{
    bool old = subtype_of(element) == SUBTYPE_OLD_BINARY && element->len >= LENGTH;

    if (is_uuid(element) && json_writer_room(out, UUID_TEXT_SIZE + 2)) {
        *out->at++ = '"';
        uuid_text(element->data, out->at);
        out->at += UUID_TEXT_SIZE;
        *out->at++ = '"';
    } else {
        write_base64(out, element->data + (old ? LENGTH : 0), element->len - (old ? LENGTH : 0));
    }
}

static void write_regex(struct json_writer *out, const struct bson_element *element)
{
    const char *pattern = (const char *)element->data;
    size_t len = strlen(pattern); /* both end within the element */

    json_writer_raw(out, "\"/", 2);
    json_writer_text(out, pattern, len);
    json_writer_raw(out, "/", 1);
    json_writer_text(out, pattern + len + 1, strlen(pattern + len + 1));
    json_writer_raw(out, "\"", 1);
}

/* At data: the length with the NUL, the text, the NUL. */
static void write_counted(struct json_writer *out, const uint8_t *data)
{
    json_writer_string(out, (const char *)data + LENGTH, (size_t)bson_get_int32(data) - 1);
}

static void write_timestamp(struct json_writer *out, const uint8_t *data)
{
    char text[32];
    int len = snprintf(text, sizeof text, "\"%u:%u\"", (unsigned)bson_get_int32(data + LENGTH),
                       (unsigned)bson_get_int32(data));

    json_writer_raw(out, text, (size_t)len);
}

void bson_scalar_write(struct json_writer *out, const struct bson_element *element)
{
    const uint8_t *data = element->data;

    switch (element->kind) {
    case KIND_STRING: json_writer_string(out, (const char *)data, element->len); break;
    case KIND_DOUBLE: json_writer_number(out, bson_get_double(data)); break;
    case KIND_INT32: json_writer_int64(out, bson_get_int32(data)); break;
    case KIND_INT64: json_writer_int64(out, bson_get_int64(data)); break;
    case KIND_BOOL: json_writer_raw(out, *data != 0 ? "true" : "false", *data != 0 ? 4 : 5); break;
    case KIND_DATE: write_date(out, bson_get_int64(data)); break;
    case KIND_OID: json_writer_hex(out, data, OID_SIZE); break;
    case KIND_BINARY: write_binary(out, element); break;
    case KIND_REGEX: write_regex(out, element); break;
    case KIND_POINTER: json_writer_hex(out, data + element->len - OID_SIZE, OID_SIZE); break;
    case KIND_CODE:
    case KIND_SYMBOL: write_counted(out, data); break;
    case KIND_SCOPED_CODE: write_counted(out, data + LENGTH); break;
    case KIND_TIMESTAMP: write_timestamp(out, data); break;
    case KIND_DECIMAL: write_decimal(out, data); break;
    case KIND_UNDEFINED: json_writer_raw(out, "\"undefined\"", 11); break;
    case KIND_MAX_KEY: json_writer_raw(out, "\"MaxKey\"", 8); break;
    case KIND_MIN_KEY: json_writer_raw(out, "\"MinKey\"", 8); break;
    case KIND_NULL:
    case KIND_DOCUMENT:
    case KIND_ARRAY: json_writer_raw(out, "null", 4); break;
    }
}

/* --- Values --- */

struct value bson_raw(const struct bson_element *element)
{
    struct value value = {.type = VALUE_RAW};
    const uint8_t *data = element->data;
    size_t len = element->len;

    if (element->kind == KIND_STRING) {
        data -= LENGTH;
        len += LENGTH + 1;
    } else if (element->kind == KIND_BINARY) {
        data -= LENGTH + 1;
        len += LENGTH + 1;
    }
    value.raw.bytes = str_make((const char *)data, len);
    value.raw.kind = (unsigned char)element->kind;
    return value;
}

static struct value binary(const struct bson_element *element)
{
    struct value value = {.type = VALUE_UUID};

    if (subtype_of(element) == 0)
        return value_bytes(str_make((const char *)element->data, element->len));
    if (!is_uuid(element))
        return bson_raw(element);
    memcpy(value.uuid, element->data, UUID_SIZE);
    return value;
}

struct value bson_scalar(const struct bson_element *element)
{
    const uint8_t *data = element->data;
    struct oid oid;

    switch (element->kind) {
    case KIND_STRING: return value_string(str_make((const char *)data, element->len));
    case KIND_DOUBLE: return value_double(bson_get_double(data));
    case KIND_INT32: return value_int(bson_get_int32(data));
    case KIND_INT64: return value_int(bson_get_int64(data));
    case KIND_BOOL: return value_bool(*data != 0);
    case KIND_DATE: return value_date(bson_get_int64(data));
    case KIND_NULL: return value_null();
    case KIND_BINARY: return binary(element);
    case KIND_OID: memcpy(oid.bytes, data, OID_SIZE); return value_oid(oid);
    case KIND_DOCUMENT:
    case KIND_ARRAY:
    case KIND_UNDEFINED:
    case KIND_REGEX:
    case KIND_POINTER:
    case KIND_CODE:
    case KIND_SYMBOL:
    case KIND_SCOPED_CODE:
    case KIND_TIMESTAMP:
    case KIND_DECIMAL:
    case KIND_MAX_KEY:
    case KIND_MIN_KEY: break;
    }
    return bson_raw(element);
}

void bson_keep(struct value *value, struct arena *arena)
{
    if (value->type == VALUE_STRING || value->type == VALUE_BYTES)
        value->string = arena_str(arena, value->string);
    else if (value->type == VALUE_RAW)
        value->raw.bytes = arena_str(arena, value->raw.bytes);
}

static bool bson_value_take(const struct bson_element *element, struct arena *arena, unsigned depth,
                            struct value *value);

/* All elements of an array or embedded document; *count of them.  NULL for malformed bytes. */
static struct member *take_members(const struct bson_element *nested, struct arena *arena,
                                   unsigned depth, size_t *count)
{
    struct bson_element element;
    struct bson_walk walk, again;
    struct member *members;
    int more;

    if (!bson_walk_init(&walk, nested->data, nested->len))
        return NULL;
    again = walk;
    for (*count = 0; (more = bson_walk_next(&walk, (struct str){NULL, 0}, &element)) > 0;)
        ++*count;
    if (more < 0)
        return NULL;
    members = arena_alloc(arena, (*count + 1) * sizeof *members);
    for (size_t i = 0; i < *count; i++) {
        bson_walk_next(&again, (struct str){NULL, 0}, &element);
        members[i].name = arena_str(arena, element.name);
        if (!bson_value_take(&element, arena, depth, &members[i].value))
            return NULL;
    }
    return members;
}

static bool take_nested(const struct bson_element *nested, struct arena *arena, unsigned depth,
                        struct value *value)
{
    struct member *members;
    struct value *items;
    size_t count;

    *value = value_null();
    if (depth > BSON_DEPTH_MAX)
        return true;
    members = take_members(nested, arena, depth, &count);
    if (members == NULL)
        return false;
    if (nested->kind == KIND_DOCUMENT) {
        *value = value_object(members, count);
        return true;
    }
    items = arena_alloc(arena, (count + 1) * sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = members[i].value;
    *value = value_list(items, count);
    return true;
}

static bool bson_value_take(const struct bson_element *element, struct arena *arena, unsigned depth,
                            struct value *value)
{
    char room[BSON_DECIMAL_SIZE];

    if (element->kind == KIND_DOCUMENT || element->kind == KIND_ARRAY)
        return take_nested(element, arena, depth + 1, value);
    if (element->kind == KIND_DECIMAL) {
        *value = value_decimal(arena_str(arena, bson_decimal_text(element->data, room)));
    } else {
        *value = bson_scalar(element);
        bson_keep(value, arena);
    }
    return true;
}

bool bson_value(const struct bson_element *element, struct arena *arena, struct value *value)
{
    return bson_value_take(element, arena, 0, value);
}
