/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/mongo_query.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "mongo/bson_put.h"
#include "mongo/keyset.h"

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
        bson_put_value(to, STR("$eq"), value);
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
        bson_put_value(to, str_from(operators[condition->op]), &condition->value);
}

/* Whether both can share one name; all words to look for do. */
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

/* Whether an earlier one of its field has its operator: it cannot be in the same document. */
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
 * only wants to be equal is {field: value}: the same to MongoDB, while some compatible servers use
 * the index for nothing else.  A typed value is never taken for an operator. */
static void append_field(bson_t *to, const struct condition *conditions, size_t count, size_t at)
{
    const struct condition *first = &conditions[at];
    struct str field = name_of(first);
    bson_t ops;

    if (first->op == OP_EQ && is_plain(&first->value) && is_alone(conditions, count, at)) {
        bson_put_value(to, field, &first->value);
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
    char key[BSON_ITEM_KEY_SIZE];
    size_t found = 0;
    bson_t item, ops;

    for (size_t i = 0; i < count; i++) {
        struct str name = name_of(&conditions[i]), index;
        if (!is_repeated(conditions, i))
            continue;
        index = bson_item_key(found++, key);
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

void mongo_query_filter(bson_t *to, const struct condition *conditions, size_t count,
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
    bson_put_value(to, assignment->field, value);
}

void mongo_query_update(bson_t *to, const struct assignment *assignments, size_t count)
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

void mongo_query_document(bson_t *to, const struct document *document)
{
    bool has_id = document->count > 0 && str_eq(document->fields[0].field, STR("_id"));
    const struct value id = value_oid(has_id ? (struct oid){{0}} : oid_new());

    if (!has_id)
        bson_put_value(to, STR("_id"), &id);
    for (size_t i = 0; i < document->count; i++)
        bson_put_value(to, document->fields[i].field, &document->fields[i].value);
}

bool mongo_query_projects(const struct shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        struct str name = shape->fields[i].name;
        if (name.len == 0 || *name.ptr == '$' || str_find(name, '.') < name.len)
            return false; /* MongoDB would take it for something else */
    }
    return !shape->whole && !shape->open;
}

void mongo_query_sort(bson_t *to, const struct sort_key *sort, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bson_append_int32(to, sort[i].field.ptr, (int)sort[i].field.len,
                          sort[i].direction > 0 ? 1 : -1);
}

mongoc_collection_t *mongo_query_collection(const struct mongo_db *db, struct str name)
{
    char *text = mem_strndup(name.ptr, name.len);
    mongoc_collection_t *collection = mongoc_client_get_collection(db->client, db->name, text);

    free(text);
    return collection;
}

/* The time for a read: what the caller allows, and no more than the job has left, less a little
 * for the way back. */
static uint32_t time_for(const struct mongo_db *db, uint32_t max_time_ms)
{
    int64_t left = db->deadline_ms - clock_mono_ms();

    left -= left / 20;
    if (db->deadline_ms == 0 || (max_time_ms != 0 && (int64_t)max_time_ms < left))
        return max_time_ms;
    return left > 1 ? (uint32_t)left : 1;
}

void mongo_query_time(bson_t *opts, const struct mongo_db *db, uint32_t max_time_ms)
{
    uint32_t ms = time_for(db, max_time_ms);

    driver_comment(opts, db);
    if (ms != 0)
        bson_append_int64(opts, "maxTimeMS", -1, (int64_t)ms);
}
