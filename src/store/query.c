/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/query.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/idiom.h"
#include "base/mem.h"

enum { INDEX_TEXT_SIZE = 12 };

static void append_item(bson_t *to, size_t index, const struct value *value)
{
    char key[INDEX_TEXT_SIZE];
    int len = snprintf(key, sizeof key, "%u", (unsigned)index);

    query_value(to, str_make(key, (size_t)len), value);
}

static void append_array(bson_t *to, struct str field, const struct value *value)
{
    bool strings = value->type == VALUE_STRINGS;
    size_t count = strings ? value->strings.count : value->list.count;
    bson_t array;

    bson_append_array_unsafe_begin(to, field.ptr, (int)field.len, &array);
    for (size_t i = 0; i < count; i++) {
        struct value item = strings ? value_string(value->strings.items[i]) : value->list.items[i];
        append_item(&array, i, &item);
    }
    bson_append_array_end(to, &array);
}

void query_value(bson_t *to, struct str field, const struct value *value)
{
    const char *key = field.ptr;
    int len = (int)field.len;
    bson_oid_t oid;

    switch (value->type) {
    case VALUE_NONE: break;
    case VALUE_NULL: bson_append_null(to, key, len); break;
    case VALUE_BOOL: bson_append_bool(to, key, len, value->boolean); break;
    case VALUE_INT: bson_append_int64(to, key, len, value->integer); break;
    case VALUE_DOUBLE: bson_append_double(to, key, len, value->number); break;
    case VALUE_STRING:
        bson_append_utf8(to, key, len, value->string.len > 0 ? value->string.ptr : "",
                         (int)value->string.len);
        break;
    case VALUE_BYTES:
        bson_append_binary(to, key, len, BSON_SUBTYPE_BINARY, (const uint8_t *)value->string.ptr,
                           (uint32_t)value->string.len);
        break;
    case VALUE_DATE: bson_append_date_time(to, key, len, value->integer); break;
    case VALUE_OID:
        memcpy(oid.bytes, value->oid.bytes, sizeof oid.bytes);
        bson_append_oid(to, key, len, &oid);
        break;
    case VALUE_STRINGS:
    case VALUE_LIST: append_array(to, field, value); break;
    }
}

static const struct str operators[] = {
    [OP_EQ] = STR_INIT("$eq"),   [OP_NE] = STR_INIT("$ne"),         [OP_GT] = STR_INIT("$gt"),
    [OP_GTE] = STR_INIT("$gte"), [OP_LT] = STR_INIT("$lt"),         [OP_LTE] = STR_INIT("$lte"),
    [OP_IN] = STR_INIT("$in"),   [OP_EXISTS] = STR_INIT("$exists"), [OP_TEXT] = STR_INIT("$search"),
};

/* Whether both stand under one name; all words to look for do. */
static bool same_field(const struct condition *a, const struct condition *b)
{
    return (a->op == OP_TEXT) == (b->op == OP_TEXT) &&
           (a->op == OP_TEXT || str_eq(a->field, b->field));
}

static bool is_alone(const struct condition *first, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (same_field(&first[i], first))
            return false;
    return true;
}

/* {field: {op: value, …}} with all conditions of one field, from the first of them on.  One that
 * only wants to be equal is {field: value}: the same to MongoDB, while some who speak its protocol
 * find the index for nothing else.  A typed value is never taken for an operator. */
static void append_field(bson_t *to, const struct condition *first, size_t count)
{
    struct str field = first->op == OP_TEXT ? STR("$text") : first->field;
    bson_t ops;

    if (first->op == OP_EQ && is_alone(first, count)) {
        query_value(to, field, &first->value);
        return;
    }
    bson_append_document_begin(to, field.ptr, (int)field.len, &ops);
    for (size_t i = 0; i < count; i++)
        if (same_field(&first[i], first))
            query_value(&ops, operators[first[i].op], &first[i].value);
    bson_append_document_end(to, &ops);
}

static bool is_first(const struct condition *conditions, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (same_field(&conditions[i], &conditions[at]))
            return false;
    return true;
}

static void append_comparison(bson_t *to, const char *key, struct str field, struct str operator,
                              const struct value * value)
{
    bson_t inner, ops;

    bson_append_document_begin(to, key, -1, &inner);
    bson_append_document_begin(&inner, field.ptr, (int)field.len, &ops);
    query_value(&ops, operator, value);
    bson_append_document_end(&inner, &ops);
    bson_append_document_end(to, &inner);
}

/* $and: [{f: {$gte: v}}, {$or: [{f: {$gt: v}}, {_id: {$gt: id}}]}]: the first part is what bounds
 * the walk through an index. */
static void append_keyset(bson_t *to, const struct keyset *after, const struct sort_key *sort,
                          size_t sort_count)
{
    static const struct str strict[] = {STR_INIT("$lt"), STR_INIT("$gt")};
    static const struct str weak[] = {STR_INIT("$lte"), STR_INIT("$gte")};
    bool up = sort[0].direction > 0, id_up = sort[sort_count - 1].direction > 0;
    struct value id = value_oid(after->id);
    bson_t all, second, any;

    bson_append_array_unsafe_begin(to, "$and", -1, &all);
    if (sort_count == 1) {
        append_comparison(&all, "0", STR("_id"), strict[id_up], &id);
    } else {
        append_comparison(&all, "0", sort[0].field, weak[up], &after->value);
        bson_append_document_begin(&all, "1", -1, &second);
        bson_append_array_unsafe_begin(&second, "$or", -1, &any);
        append_comparison(&any, "0", sort[0].field, strict[up], &after->value);
        append_comparison(&any, "1", STR("_id"), strict[id_up], &id);
        bson_append_array_end(&second, &any);
        bson_append_document_end(&all, &second);
    }
    bson_append_array_end(to, &all);
}

void query_filter(bson_t *to, const struct condition *conditions, size_t count,
                  const struct keyset *after, const struct sort_key *sort, size_t sort_count)
{
    for (size_t i = 0; i < count; i++)
        if (is_first(conditions, i))
            append_field(to, conditions + i, count - i);
    if (after != NULL && sort_count > 0)
        append_keyset(to, after, sort, sort_count);
}

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

void query_projection(bson_t *to, const struct shape *shape)
{
    for (size_t i = 0; i < shape->count; i++)
        bson_append_int32(to, shape->fields[i].name.ptr, (int)shape->fields[i].name.len, 1);
    if (shape_find(shape, STR("_id")) == shape->count)
        bson_append_int32(to, "_id", -1, 0);
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
