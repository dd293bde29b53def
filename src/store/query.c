/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/query.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/idiom.h"
#include "base/mem.h"
#include "store/keyset.h"

enum { INDEX_TEXT_SIZE = 12 };

/* --- Values --- */

static struct str item_key(size_t index, char key[static INDEX_TEXT_SIZE])
{
    return str_make(key, (size_t)snprintf(key, INDEX_TEXT_SIZE, "%u", (unsigned)index));
}

static void append_list(bson_t *to, struct str field, const struct value *value)
{
    char key[INDEX_TEXT_SIZE];
    bson_t array;

    bson_append_array_unsafe_begin(to, field.ptr, (int)field.len, &array);
    for (size_t i = 0; i < value->list.count; i++)
        query_value(&array, item_key(i, key), &value->list.items[i]);
    bson_append_array_end(to, &array);
}

static void append_object(bson_t *to, struct str field, const struct value *value)
{
    bson_t inner;

    bson_append_document_begin(to, field.ptr, (int)field.len, &inner);
    for (size_t i = 0; i < value->object.count; i++)
        query_value(&inner, value->object.members[i].name, &value->object.members[i].value);
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

void query_value(bson_t *to, struct str field, const struct value *value)
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

/* --- Conditions --- */

static void append_type(bson_t *to, const char *operator, int32_t type)
{
    bson_append_int32(to, operator, - 1, type);
}

/* {$not: {$type: "array"}} */
static void append_no_array(bson_t *to)
{
    bson_t inner;

    bson_append_document_begin(to, "$not", -1, &inner);
    append_type(&inner, "$type", BSON_TYPE_ARRAY);
    bson_append_document_end(to, &inner);
}

static void append_same(bson_t *to, const struct value *value)
{
    bool array = value->type == VALUE_LIST ||
                 (value->type == VALUE_RAW && value->raw.kind == BSON_TYPE_ARRAY);

    if (value->type == VALUE_NONE)
        bson_append_bool(to, "$exists", -1, false);
    else if (value->type == VALUE_NULL)
        append_type(to, "$type", BSON_TYPE_NULL);
    else if (value->type == VALUE_RAW && value->raw.kind == BSON_TYPE_UNDEFINED)
        append_type(to, "$type", BSON_TYPE_UNDEFINED); /* which no server compares */
    else
        query_value(to, STR("$eq"), value);
    if (value->type != VALUE_NONE && !array)
        append_no_array(to);
}

/* A regular expression that is anchored, so that the index is used, and means each character as it
 * is. */
static void append_prefix(bson_t *to, struct str prefix)
{
    struct buf pattern = BUF_INIT(4 * prefix.len + 2);

    buf_char(&pattern, '^');
    for (size_t i = 0; i < prefix.len; i++) {
        unsigned char c = (unsigned char)prefix.ptr[i];
        bool plain = c >= 0x80 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
        if (c < 0x20 || c == 0x7f) {
            buf_printf(&pattern, "\\x%02x", c);
            continue;
        }
        if (!plain)
            buf_char(&pattern, '\\');
        buf_char(&pattern, (char)c);
    }
    bson_append_utf8(to, "$regex", -1, pattern.ptr, (int)pattern.len);
    buf_free(&pattern);
}

static const char *const operators[] = {
    [OP_EQ] = "$eq",   [OP_NE] = "$ne",         [OP_GT] = "$gt",
    [OP_GTE] = "$gte", [OP_LT] = "$lt",         [OP_LTE] = "$lte",
    [OP_IN] = "$in",   [OP_EXISTS] = "$exists", [OP_TEXT] = "$search",
};

static void append_operator(bson_t *to, const struct condition *condition)
{
    if (condition->op == OP_SAME)
        append_same(to, &condition->value);
    else if (condition->op == OP_PREFIX)
        append_prefix(to, condition->value.string);
    else
        query_value(to, str_from(operators[condition->op]), &condition->value);
}

/* Whether both stand under one name; all words to look for do. */
static bool same_field(const struct condition *a, const struct condition *b)
{
    return (a->op == OP_TEXT) == (b->op == OP_TEXT) &&
           (a->op == OP_TEXT || str_eq(a->field, b->field));
}

static bool is_alone(const struct condition *conditions, size_t count, size_t at)
{
    for (size_t i = 0; i < count; i++)
        if (i != at && same_field(&conditions[i], &conditions[at]))
            return false;
    return true;
}

static bool is_first(const struct condition *conditions, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (same_field(&conditions[i], &conditions[at]))
            return false;
    return true;
}

/* Whether an earlier one of its field has its operator: it cannot stand in the same document. */
static bool is_repeated(const struct condition *conditions, size_t at)
{
    enum op op = conditions[at].op == OP_SAME ? OP_EQ : conditions[at].op, other;

    for (size_t i = 0; i < at; i++) {
        other = conditions[i].op == OP_SAME ? OP_EQ : conditions[i].op;
        if (other == op && same_field(&conditions[i], &conditions[at]))
            return true;
    }
    return false;
}

static struct str name_of(const struct condition *condition)
{
    return condition->op == OP_TEXT ? STR("$text") : condition->field;
}

/* What MongoDB would take for a pattern, or for operators, is only ever compared by $eq. */
static bool is_plain(const struct value *value)
{
    return value->type != VALUE_RAW && value->type != VALUE_OBJECT && value->type != VALUE_NONE;
}

/* {field: {op: value, …}} with all conditions of one field, from the first of them on.  One that
 * only wants to be equal is {field: value}: the same to MongoDB, while some who speak its protocol
 * find the index for nothing else.  A typed value is never taken for an operator. */
static void append_field(bson_t *to, const struct condition *conditions, size_t count, size_t at)
{
    const struct condition *first = &conditions[at];
    struct str field = name_of(first);
    bson_t ops;

    if (first->op == OP_EQ && is_plain(&first->value) && is_alone(conditions, count, at)) {
        query_value(to, field, &first->value);
        return;
    }
    bson_append_document_begin(to, field.ptr, (int)field.len, &ops);
    for (size_t i = at; i < count; i++)
        if (same_field(&conditions[i], first) && !is_repeated(conditions, i))
            append_operator(&ops, &conditions[i]);
    bson_append_document_end(to, &ops);
}

/* Those that found their place taken: one {field: {op: value}} each. */
static size_t append_repeated(bson_t *all, const struct condition *conditions, size_t count)
{
    char key[INDEX_TEXT_SIZE];
    size_t found = 0;
    bson_t item, ops;

    for (size_t i = 0; i < count; i++) {
        struct str name = name_of(&conditions[i]), index;
        if (!is_repeated(conditions, i))
            continue;
        index = item_key(found++, key);
        bson_append_document_begin(all, index.ptr, (int)index.len, &item);
        bson_append_document_begin(&item, name.ptr, (int)name.len, &ops);
        append_operator(&ops, &conditions[i]);
        bson_append_document_end(&item, &ops);
        bson_append_document_end(all, &item);
    }
    return found;
}

static bool any_repeated(const struct condition *conditions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_repeated(conditions, i))
            return true;
    return false;
}

void query_filter(bson_t *to, const struct condition *conditions, size_t count,
                  const struct keyset_range *range)
{
    size_t found;
    bson_t all;

    for (size_t i = 0; i < count; i++)
        if (is_first(conditions, i))
            append_field(to, conditions, count, i);
    if (range == NULL && !any_repeated(conditions, count))
        return;
    bson_append_array_unsafe_begin(to, "$and", -1, &all);
    found = append_repeated(&all, conditions, count);
    if (range != NULL)
        keyset_append(&all, found, range);
    bson_append_array_end(to, &all);
}

/* --- Updates, documents, options --- */

static const struct {
    enum assign_op op;
    const char *name;
} updates[] = {
    {ASSIGN_SET, "$set"},         {ASSIGN_UNSET, "$unset"},
    {ASSIGN_INC, "$inc"},         {ASSIGN_SET_ON_INSERT, "$setOnInsert"},
    {ASSIGN_NOW, "$currentDate"},
};

static void append_assignment(bson_t *to, const struct assignment *assignment)
{
    const struct value yes = value_bool(true), nothing = value_string(STR(""));
    const struct value *value = &assignment->value;

    if (assignment->op == ASSIGN_UNSET)
        value = &nothing;
    else if (assignment->op == ASSIGN_NOW)
        value = &yes;
    query_value(to, assignment->field, value);
}

void query_update(bson_t *to, const struct assignment *assignments, size_t count)
{
    bson_t fields;
    bool any;

    for (size_t op = 0; op < COUNT(updates); op++) {
        any = false;
        for (size_t i = 0; i < count; i++) {
            if (assignments[i].op != updates[op].op)
                continue;
            if (!any)
                bson_append_document_begin(to, updates[op].name, -1, &fields);
            any = true;
            append_assignment(&fields, &assignments[i]);
        }
        if (any)
            bson_append_document_end(to, &fields);
    }
}

void query_document(bson_t *to, const struct document *document)
{
    bool has_id = document->count > 0 && str_eq(document->fields[0].field, STR("_id"));
    const struct value id = value_oid(has_id ? (struct oid){{0}} : oid_new());

    if (!has_id)
        query_value(to, STR("_id"), &id);
    for (size_t i = 0; i < document->count; i++)
        query_value(to, document->fields[i].field, &document->fields[i].value);
}

bool query_projects(const struct shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        struct str name = shape->fields[i].name;
        if (name.len == 0 || *name.ptr == '$' || str_find(name, '.') < name.len)
            return false; /* MongoDB would take it for something else */
    }
    return !shape->whole && !shape->open;
}

void query_sort(bson_t *to, const struct sort_key *sort, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bson_append_int32(to, sort[i].field.ptr, (int)sort[i].field.len,
                          sort[i].direction > 0 ? 1 : -1);
}

mongoc_collection_t *query_collection(const struct mongo_db *db, struct str name)
{
    char *text = mem_strndup(name.ptr, name.len);
    mongoc_collection_t *collection = mongoc_client_get_collection(db->client, db->name, text);

    free(text);
    return collection;
}
