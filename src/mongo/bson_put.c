/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/bson_put.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/le.h"

struct str bson_item_key(size_t index, char key[static BSON_ITEM_KEY_SIZE])
{
    return str_make(key, (size_t)snprintf(key, BSON_ITEM_KEY_SIZE, "%u", (unsigned)index));
}

static void append_list(bson_t *to, struct str field, const struct value *value)
{
    char key[BSON_ITEM_KEY_SIZE];
    bson_t array;

    bson_append_array_unsafe_begin(to, field.ptr, (int)field.len, &array);
    for (size_t i = 0; i < value->list.count; i++)
        bson_put_value(&array, bson_item_key(i, key), &value->list.items[i]);
    bson_append_array_end(to, &array);
}

static void append_object(bson_t *to, struct str field, const struct value *value)
{
    bson_t inner;

    bson_append_document_begin(to, field.ptr, (int)field.len, &inner);
    for (size_t i = 0; i < value->object.count; i++)
        bson_put_value(&inner, value->object.members[i].name, &value->object.members[i].value);
    bson_append_document_end(to, &inner);
}

static void append_decimal(bson_t *to, struct str field, struct str text)
{
    bson_decimal128_t decimal; /* NaN for what is no number */

    (void)bson_decimal128_from_string_w_len(text.ptr, (int)text.len, &decimal);
    bson_append_decimal128(to, field.ptr, (int)field.len, &decimal);
}

/* The library takes no bytes of another type but from a document of its own: {"": value}. */
static void append_raw(bson_t *to, struct str field, const struct value *value)
{
    struct str bytes = value->raw.bytes;
    uint32_t len = (uint32_t)bytes.len + 7;
    struct buf room = BUF_INIT(INT32_MAX);
    bson_iter_t iter;
    bson_t from;

    buf_le(&room, len, 4);
    buf_char(&room, (char)value->raw.kind);
    buf_char(&room, '\0');
    buf_str(&room, bytes);
    buf_char(&room, '\0');
    if (bson_init_static(&from, (const uint8_t *)room.ptr, room.len) &&
        bson_iter_init(&iter, &from) && bson_iter_next(&iter))
        bson_append_iter(to, field.ptr, (int)field.len, &iter);
    buf_free(&room);
}

static void append_integer(bson_t *to, struct str field, int64_t integer)
{
    if (integer >= INT32_MIN && integer <= INT32_MAX)
        bson_append_int32(to, field.ptr, (int)field.len, (int32_t)integer);
    else
        bson_append_int64(to, field.ptr, (int)field.len, integer);
}

static void append_binary(bson_t *to, struct str field, bson_subtype_t subtype, struct str bytes)
{
    bson_append_binary(to, field.ptr, (int)field.len, subtype, (const uint8_t *)bytes.ptr,
                       (uint32_t)bytes.len);
}

void bson_put_value(bson_t *to, struct str field, const struct value *value)
{
    const char *key = field.len > 0 ? field.ptr : "";
    int len = (int)field.len;
    bson_oid_t oid;

    field.ptr = key;
    switch (value->type) {
    case VALUE_NONE: break;
    case VALUE_NULL: bson_append_null(to, key, len); break;
    case VALUE_BOOL: bson_append_bool(to, key, len, value->boolean); break;
    case VALUE_INT: append_integer(to, field, value->integer); break;
    case VALUE_DOUBLE: bson_append_double(to, key, len, value->number); break;
    case VALUE_DECIMAL: append_decimal(to, field, value->string); break;
    case VALUE_STRING:
        bson_append_utf8(to, key, len, value->string.len > 0 ? value->string.ptr : "",
                         (int)value->string.len);
        break;
    case VALUE_BYTES: append_binary(to, field, BSON_SUBTYPE_BINARY, value->string); break;
    case VALUE_UUID:
        append_binary(to, field, BSON_SUBTYPE_UUID,
                      str_make((const char *)value->uuid, sizeof value->uuid));
        break;
    case VALUE_DATE: bson_append_date_time(to, key, len, value->integer); break;
    case VALUE_OID:
        memcpy(oid.bytes, value->oid.bytes, sizeof oid.bytes);
        bson_append_oid(to, key, len, &oid);
        break;
    case VALUE_LIST: append_list(to, field, value); break;
    case VALUE_OBJECT: append_object(to, field, value); break;
    case VALUE_RAW: append_raw(to, field, value); break;
    }
}
