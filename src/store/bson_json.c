/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/bson_json.h"

#include "base/json_writer.h"
#include "store/bson_walk.h"

enum { DEPTH_MAX = 16 };

size_t shape_find(const struct shape *shape, struct str name)
{
    size_t i = 0;

    while (i < shape->count && !str_eq(shape->fields[i].name, name))
        i++;
    return i;
}

static bool write_value(struct json_writer *out, const struct bson_element *element,
                        unsigned depth);

/* A whole array or embedded document. */
static bool write_nested(struct json_writer *out, const struct bson_element *nested, unsigned depth)
{
    bool array = nested->kind == KIND_ARRAY;
    struct bson_element element;
    struct bson_walk walk;
    const char *comma = "";
    int more;

    if (depth > DEPTH_MAX) {
        json_writer_raw(out, "null", 4);
        return true;
    }
    if (!bson_walk_init(&walk, nested->data, nested->len))
        return false;
    json_writer_raw(out, array ? "[" : "{", 1);
    while ((more = bson_walk_next(&walk, (struct str){NULL, 0}, &element)) > 0) {
        json_writer_raw(out, comma, strlen(comma));
        comma = ",";
        if (!array) {
            json_writer_string(out, element.name.ptr, element.name.len);
            json_writer_raw(out, ":", 1);
        }
        if (!write_value(out, &element, depth))
            return false;
    }
    json_writer_raw(out, array ? "]" : "}", 1);
    return more == 0;
}

static bool write_value(struct json_writer *out, const struct bson_element *element, unsigned depth)
{
    const uint8_t *data = element->data;

    switch (element->kind) {
    case KIND_STRING: json_writer_string(out, (const char *)data, element->len); break;
    case KIND_DOUBLE: json_writer_number(out, bson_get_double(data)); break;
    case KIND_INT32: json_writer_int64(out, bson_get_int32(data)); break;
    case KIND_INT64: json_writer_int64(out, bson_get_int64(data)); break;
    case KIND_BOOL: json_writer_raw(out, *data != 0 ? "true" : "false", *data != 0 ? 4 : 5); break;
    case KIND_DATE: json_writer_date(out, bson_get_int64(data)); break;
    case KIND_OID: json_writer_hex(out, data, OID_SIZE); break;
    case KIND_DOCUMENT:
    case KIND_ARRAY: return write_nested(out, element, depth + 1);
    case KIND_BINARY:
    case KIND_UNDEFINED:
    case KIND_NULL:
    case KIND_REGEX:
    case KIND_POINTER:
    case KIND_CODE:
    case KIND_SYMBOL:
    case KIND_SCOPED_CODE:
    case KIND_TIMESTAMP:
    case KIND_DECIMAL:
    case KIND_MAX_KEY:
    case KIND_MIN_KEY: json_writer_raw(out, "null", 4); break;
    }
    return true;
}

static struct str keep(const struct bson_element *element, struct arena *arena)
{
    struct str text = str_make((const char *)element->data, element->len);

    return arena != NULL ? arena_str(arena, text) : text;
}

/* The strings of an array; what else is in it is left out. */
static bool capture_strings(const struct bson_element *array, struct value *value,
                            struct arena *arena)
{
    struct bson_element element;
    struct bson_walk walk, again;
    struct str *items;
    size_t count = 0;
    int more;

    if (!bson_walk_init(&walk, array->data, array->len))
        return false;
    again = walk;
    while ((more = bson_walk_next(&walk, (struct str){NULL, 0}, &element)) > 0)
        count += element.kind == KIND_STRING;
    if (more < 0)
        return false;
    items = arena_alloc(arena, (count + 1) * sizeof *items);
    count = 0;
    while (bson_walk_next(&again, (struct str){NULL, 0}, &element) > 0)
        if (element.kind == KIND_STRING)
            items[count++] = keep(&element, arena);
    *value = value_strings(items, count);
    return true;
}

static bool capture(const struct bson_element *element, struct value *value, struct arena *arena)
{
    const uint8_t *data = element->data;

    if (element->kind == KIND_STRING) {
        *value = value_string(keep(element, arena));
    } else if (element->kind == KIND_BINARY) {
        *value = value_bytes(keep(element, arena));
    } else if (element->kind == KIND_INT32) {
        *value = value_int(bson_get_int32(data));
    } else if (element->kind == KIND_INT64) {
        *value = value_int(bson_get_int64(data));
    } else if (element->kind == KIND_DOUBLE) {
        *value = value_double(bson_get_double(data));
    } else if (element->kind == KIND_BOOL) {
        *value = value_bool(*data != 0);
    } else if (element->kind == KIND_DATE) {
        *value = value_date(bson_get_int64(data));
    } else if (element->kind == KIND_NULL) {
        *value = value_null();
    } else if (element->kind == KIND_OID) {
        value->type = VALUE_OID;
        memcpy(value->oid.bytes, data, OID_SIZE);
    } else if (element->kind == KIND_ARRAY && arena != NULL) {
        return capture_strings(element, value, arena);
    }
    return true;
}

/* What one call works with. */
struct task {
    const struct shape *shape;
    struct json_writer *out; /* NULL: captures only */
    struct value *captured;
    struct arena *arena;
    char mark; /* '{' before the first field, then ',' */
};

static bool take_field(struct task *task, const struct shape_field *field, size_t index,
                       const struct bson_element *element)
{
    struct json_writer *out = task->out;

    if (field->capture && task->captured != NULL &&
        !capture(element, &task->captured[index], task->arena))
        return false;
    if (field->hidden || out == NULL)
        return true;
    if (json_writer_room(out, field->name.len + 4)) {
        char *to = out->at;
        *to++ = task->mark;
        *to++ = '"';
        memcpy(to, field->name.ptr, field->name.len);
        to += field->name.len;
        *to++ = '"';
        *to++ = ':';
        out->at = to;
    }
    task->mark = ',';
    return write_value(out, element, 0);
}

/* Documents mostly have their fields in the shape's order: the next one is tried first. */
static bool take_fields(struct task *task, struct bson_walk *walk)
{
    const struct shape *shape = task->shape;
    struct bson_element element;
    size_t next = 0, index;
    int more;

    for (;;) {
        struct str hint = next < shape->count ? shape->fields[next].name : (struct str){NULL, 0};
        more = bson_walk_next(walk, hint, &element);
        if (more <= 0)
            return more == 0;
        index = next < shape->count && element.name.len == hint.len &&
                        memcmp(element.name.ptr, hint.ptr, hint.len) == 0
                    ? next
                    : shape_find(shape, element.name);
        if (index == shape->count)
            continue;
        next = index + 1;
        if (!take_field(task, &shape->fields[index], index, &element))
            return false;
    }
}

enum err bson_json_write(const uint8_t *data, size_t len, const struct shape *shape,
                         struct buf *out, struct value *captured, struct arena *arena)
{
    struct json_writer writer;
    struct task task = {.shape = shape, .captured = captured, .arena = arena, .mark = '{'};
    struct bson_walk walk;
    bool good;

    if (captured != NULL)
        memset(captured, 0, shape->count * sizeof *captured);
    if (!bson_walk_init(&walk, data, len))
        return ERR_PROTOCOL;
    if (out == NULL)
        return take_fields(&task, &walk) ? ERR_OK : ERR_PROTOCOL;
    json_writer_begin(&writer, out);
    task.out = &writer;
    good = take_fields(&task, &walk);
    json_writer_raw(&writer, task.mark == '{' ? "{}" : "}", task.mark == '{' ? 2 : 1);
    json_writer_end(&writer);
    return !good ? ERR_PROTOCOL : out->err;
}
