/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/duplicate.h"

enum { VALUES_MAX = 100, KEYS_MAX = 32 };

static const struct str message = STR_INIT("exists already");

static const struct shape_field id_field[] = {{.name = STR_INIT("_id"), .capture = true}};
static const struct shape id_shape = SHAPE(id_field);

struct values {
    struct value items[VALUES_MAX];
    size_t count;
};

static void take_value(void *context, const struct value *value)
{
    struct values *values = context;

    if (values->count < VALUES_MAX)
        values->items[values->count++] = *value;
}

static bool is_there(struct mongo_db *db, const struct resource *resource,
                     const struct condition *conditions, size_t count)
{
    struct value captured;
    struct found_document record = {.shape = &id_shape, .captured = &captured};

    return collection_find_one(db, resource->collection, conditions, count, 0, &record) == ERR_OK;
}

/* The fields of "category,-createdAt". */
static size_t split_keys(struct str keys, struct str fields[static KEYS_MAX])
{
    size_t count = 0;
    struct str key;

    while (count < KEYS_MAX && str_split(&keys, ',', &key))
        fields[count++] = str_starts(key, STR("-")) ? str_from_offset(key, 1) : key;
    return count;
}

static bool is_taken(struct mongo_db *db, const struct resource *resource, struct str document,
                     const struct value *id, const struct str *fields, size_t count,
                     struct arena *arena)
{
    struct values *values = arena_zalloc(arena, count * sizeof *values);
    struct condition conditions[KEYS_MAX + 1];

    for (size_t i = 0; i < count; i++) {
        if (document_each_value(document, fields[i], take_value, &values[i]) != ERR_OK)
            return false;
        conditions[i] =
            (struct condition){fields[i], OP_IN, value_list(values[i].items, values[i].count)};
    }
    conditions[count] = (struct condition){STR("_id"), OP_NE, *id};
    return is_there(db, resource, conditions, count + 1);
}

/* --- Indexes that no file names --- */

struct duplicate {
    struct mongo_db *db;
    const struct resource *resource;
    struct str document;
    const struct value *id;
    struct problem *problem;
};

static void duplicate_take_index(void *context, const struct index_spec *found)
{
    const struct duplicate *duplicate = context;
    struct arena *arena = duplicate->problem->arena;
    struct str fields[KEYS_MAX];

    if (!found->unique || found->key_count == 0 || found->key_count > KEYS_MAX)
        return;
    for (size_t i = 0; i < found->key_count; i++)
        fields[i] = arena_str(arena, found->keys[i].field);
    if (is_taken(duplicate->db, duplicate->resource, duplicate->document, duplicate->id, fields,
                 found->key_count, arena))
        for (size_t i = 0; i < found->key_count; i++)
            problem_add(duplicate->problem, fields[i], message);
}

void duplicate_find(struct mongo_db *db, const struct resource *resource, struct str document,
                    bool made, struct problem *problem)
{
    struct duplicate duplicate;
    struct str fields[KEYS_MAX];
    struct value id;

    if (document_value(document, STR("_id"), false, &id) != ERR_OK)
        return;
    if (made && is_there(db, resource, &(struct condition){STR("_id"), OP_EQ, id}, 1))
        problem_add(problem, STR("_id"), message);
    for (size_t i = 0; i < resource->index_count; i++) {
        size_t count =
            resource->indexes[i].unique ? split_keys(resource->indexes[i].keys, fields) : 0;
        if (count > 0 && is_taken(db, resource, document, &id, fields, count, problem->arena))
            for (size_t f = 0; f < count; f++)
                problem_add(problem, fields[f], message);
    }
    duplicate = (struct duplicate){db, resource, document, &id, problem};
    if (problem->count == 0)
        (void)collection_indexes(db, resource->collection, duplicate_take_index, &duplicate);
}
