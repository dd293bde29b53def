/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/bson_walk.h"

#include <endian.h>

enum { DOCUMENT_MIN = 5, LENGTH = 4, OID = 12 };

int32_t bson_get_int32(const uint8_t *data)
{
    uint32_t value;

    memcpy(&value, data, sizeof value);
    return (int32_t)le32toh(value);
}

int64_t bson_get_int64(const uint8_t *data)
{
    uint64_t value;

    memcpy(&value, data, sizeof value);
    return (int64_t)le64toh(value);
}

double bson_get_double(const uint8_t *data)
{
    int64_t bits = bson_get_int64(data);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

bool bson_walk_init(struct bson_walk *walk, const uint8_t *data, size_t len)
{
    if (len < DOCUMENT_MIN || len > INT32_MAX || bson_get_int32(data) != (int32_t)len ||
        data[len - 1] != 0)
        return false;
    *walk = (struct bson_walk){data + LENGTH, data + len - 1};
    return true;
}

/* Bytes after the length that the value begins with, or -1. */
static int64_t counted(const uint8_t *data, size_t room, int32_t min)
{
    int32_t len = room >= LENGTH ? bson_get_int32(data) : -1;

    return len >= min && (size_t)len <= room - LENGTH ? len : -1;
}

static int64_t string_size(const uint8_t *data, size_t room)
{
    int64_t len = counted(data, room, 1);

    return len > 0 && data[LENGTH + len - 1] == 0 ? LENGTH + len : -1;
}

static int64_t document_size(const uint8_t *data, size_t room)
{
    int32_t len = room >= DOCUMENT_MIN ? bson_get_int32(data) : -1;

    return len >= DOCUMENT_MIN && (size_t)len <= room && data[len - 1] == 0 ? len : -1;
}

static int64_t text_size(const uint8_t *data, size_t room)
{
    const uint8_t *end = room > 0 ? memchr(data, 0, room) : NULL;

    return end != NULL ? end - data + 1 : -1;
}

static int64_t regex_size(const uint8_t *data, size_t room)
{
    int64_t first = text_size(data, room), second = -1;

    if (first > 0)
        second = text_size(data + first, room - (size_t)first);
    return second > 0 ? first + second : -1;
}

/* The whole length, a string, a document. */
static int64_t scoped_code_size(const uint8_t *data, size_t room)
{
    int64_t len = room >= LENGTH ? bson_get_int32(data) : -1, text, scope;

    if (len < LENGTH || (size_t)len > room)
        return -1;
    text = string_size(data + LENGTH, (size_t)len - LENGTH);
    if (text < 0)
        return -1;
    scope = document_size(data + LENGTH + text, (size_t)(len - LENGTH - text));
    return scope == len - LENGTH - text ? len : -1;
}

static const int8_t fixed_sizes[256] = {
    [KIND_DOUBLE] = 8, [KIND_OID] = OID,     [KIND_BOOL] = 1,  [KIND_DATE] = 8,
    [KIND_INT32] = 4,  [KIND_TIMESTAMP] = 8, [KIND_INT64] = 8, [KIND_DECIMAL] = 16,
};

/* Of the kinds that have no fixed size; -1: malformed or unknown. */
static int64_t other_size(enum bson_kind kind, const uint8_t *data, size_t room)
{
    int64_t size;

    switch (kind) {
    case KIND_STRING:
    case KIND_CODE:
    case KIND_SYMBOL: return string_size(data, room);
    case KIND_DOCUMENT:
    case KIND_ARRAY: return document_size(data, room);
    case KIND_BINARY:
        size = counted(data, room, 0);
        return size >= 0 && (size_t)size < room - LENGTH ? LENGTH + 1 + size : -1;
    case KIND_REGEX: return regex_size(data, room);
    case KIND_POINTER:
        size = string_size(data, room);
        return size > 0 && room - (size_t)size >= OID ? size + OID : -1;
    case KIND_SCOPED_CODE: return scoped_code_size(data, room);
    case KIND_UNDEFINED:
    case KIND_NULL:
    case KIND_MAX_KEY:
    case KIND_MIN_KEY: return 0;
    case KIND_DOUBLE:
    case KIND_OID:
    case KIND_BOOL:
    case KIND_DATE:
    case KIND_INT32:
    case KIND_TIMESTAMP:
    case KIND_INT64:
    case KIND_DECIMAL: break;
    }
    return -1;
}

static bool take_name(struct bson_walk *walk, struct str hint, struct bson_element *element)
{
    size_t room = (size_t)(walk->end - walk->at);
    const uint8_t *end;

    element->hinted = hint.len > 0 && hint.len < room && walk->at[hint.len] == 0 &&
                      memcmp(walk->at, hint.ptr, hint.len) == 0;
    if (element->hinted) {
        end = walk->at + hint.len;
    } else {
        end = room > 0 ? memchr(walk->at, 0, room) : NULL;
        if (end == NULL)
            return false;
    }
    element->name = str_make((const char *)walk->at, (size_t)(end - walk->at));
    walk->at = end + 1;
    return true;
}

int bson_walk_next(struct bson_walk *walk, struct str hint, struct bson_element *element)
{
    int64_t size;
    size_t room;

    if (walk->at == walk->end)
        return 0;
    element->kind = *walk->at++;
    if (!take_name(walk, hint, element))
        return -1;
    room = (size_t)(walk->end - walk->at);
    size = fixed_sizes[element->kind];
    if (size == 0)
        size = other_size(element->kind, walk->at, room);
    if (size < 0 || (size_t)size > room)
        return -1;
    element->data = walk->at;
    element->len = (size_t)size;
    walk->at += size;
    if (element->kind == KIND_STRING) {
        element->data += LENGTH;
        element->len -= LENGTH + 1;
    } else if (element->kind == KIND_BINARY) {
        element->data += LENGTH + 1;
        element->len -= LENGTH + 1;
    }
    return 1;
}
