/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "base/json_writer.h"
#include "mongo/bson_path.h"
#include "mongo/bson_value.h"
#include "mongo/collection.h"
#include "mongo/mongo_cursor.h"
#include "mongo/mongo_query.h"

/* Documents are counted by the server, by what they have at a path as a whole; arrays are taken
 * apart here, so that all servers mean the same by it. */

enum { BATCH = 1000, JSON_MAX = 16 << 20 };

struct grouping {
    const struct group *group;
    unsigned levels; /* arrays within arrays that the path may have led through */
    uint64_t serial;
    int64_t count, total;
    struct buf json;
};

/* [{$match: …}, {$group: {_id: "$path", n: {$sum: 1}}}] */
static void append_pipeline(bson_t *to, const struct group *group, struct arena *arena)
{
    struct str path = ARENA_JOIN(arena, STR("$"), group->field);
    bson_t stages, stage, inner, sum;

    bson_append_array_unsafe_begin(to, "pipeline", -1, &stages);
    bson_append_document_begin(&stages, "0", -1, &stage);
    bson_append_document_begin(&stage, "$match", -1, &inner);
    mongo_query_filter(&inner, group->conditions, group->condition_count, NULL);
    bson_append_document_end(&stage, &inner);
    bson_append_document_end(&stages, &stage);
    bson_append_document_begin(&stages, "1", -1, &stage);
    bson_append_document_begin(&stage, "$group", -1, &inner);
    mongo_query_text(&inner, "_id", path);
    bson_append_document_begin(&inner, "n", -1, &sum);
    bson_append_int32(&sum, "$sum", -1, 1);
    bson_append_document_end(&inner, &sum);
    bson_append_document_end(&stage, &inner);
    bson_append_document_end(&stages, &stage);
    bson_append_array_end(to, &stages);
}

static struct mongo_cursor collection_group_begin(struct mongo_db *db, const struct group *group)
{
    struct mongo_cursor read = {.collection = mongo_query_collection(db, group->collection)};
    bson_t pipeline = BSON_INITIALIZER, opts = BSON_INITIALIZER;
    struct arena arena;

    arena_init(&arena, NULL, 0);
    append_pipeline(&pipeline, group, &arena);
    bson_append_int32(&opts, "batchSize", -1, BATCH);
    mongo_query_time(&opts, db, 0);
    read.cursor =
        mongoc_collection_aggregate(read.collection, MONGOC_QUERY_NONE, &pipeline, &opts, NULL);
    bson_destroy(&pipeline);
    bson_destroy(&opts);
    arena_reset(&arena);
    return read;
}

/* --- One group --- */

static enum err collection_group_tell(struct grouping *grouping)
{
    return grouping->group->each(grouping->group->context, grouping->serial,
                                 buf_view(&grouping->json), grouping->count);
}

/* 1.50 and 1.5 are one value to MongoDB. */
static void write_decimal(struct buf *out, const struct bson_element *element)
{
    char room[BSON_DECIMAL_SIZE];
    struct str text = bson_decimal_text(element->data, room);

    if (str_find(text, '.') < text.len && str_find(text, 'E') == text.len) {
        while (text.ptr[text.len - 1] == '0')
            text.len--;
        text.len -= text.ptr[text.len - 1] == '.';
    }
    if (str_eq(text, STR("-0")))
        text = STR("0");
    json_put_string(out, text);
}

static enum err tell_value(struct grouping *grouping, const struct bson_element *element,
                           unsigned level);

static enum err tell_items(struct grouping *grouping, const struct bson_element *array,
                           unsigned level)
{
    struct bson_element item;
    struct bson_walk walk;
    enum err err = ERR_OK;
    int more = 1;

    if (!bson_walk_init(&walk, array->data, array->len))
        return ERR_PROTOCOL;
    while (err == ERR_OK && (more = bson_walk_next(&walk, str_make(NULL, 0), &item)) > 0)
        err = tell_value(grouping, &item, level);
    return more < 0 ? ERR_PROTOCOL : err;
}

static enum err tell_value(struct grouping *grouping, const struct bson_element *element,
                           unsigned level)
{
    struct buf *json = &grouping->json;
    enum err err;

    if (element->kind == KIND_ARRAY && level < grouping->levels)
        return tell_items(grouping, element, level + 1);
    buf_reset(json);
    err = bson_element_json(element, json);
    if (err != ERR_OK)
        return err;
    if (element->kind == KIND_DECIMAL && !str_eq(buf_view(json), STR("null"))) {
        buf_reset(json);
        write_decimal(json, element);
    } else if (str_eq(buf_view(json), STR("-0"))) {
        buf_reset(json);
        buf_char(json, '0');
    }
    return collection_group_tell(grouping);
}

/* {_id: …, n: …}; some servers leave out an _id that is null. */
static enum err collection_group_take(struct grouping *grouping, const bson_t *document)
{
    struct str bytes = str_make((const char *)bson_get_data(document), document->len);
    struct bson_element element;
    struct value count;
    enum err err = document_value(bytes, STR("n"), false, &count);

    if (err != ERR_OK || (count.type != VALUE_INT && count.type != VALUE_DOUBLE))
        return ERR_PROTOCOL;
    grouping->serial++;
    grouping->count = count.type == VALUE_INT ? count.integer : (int64_t)count.number;
    grouping->total += grouping->count;
    err = bson_path_find(bytes, STR("_id"), &element);
    if (err == ERR_OK)
        return tell_value(grouping, &element, 0);
    if (err != ERR_NOT_FOUND)
        return err;
    buf_reset(&grouping->json);
    buf_literal(&grouping->json, "null");
    return collection_group_tell(grouping);
}

static unsigned levels_of(struct str path)
{
    unsigned levels = 1;

    for (size_t i = 0; i < path.len; i++)
        levels += path.ptr[i] == '.';
    return levels;
}

enum err collection_group(struct mongo_db *db, const struct group *group, int64_t *total)
{
    struct grouping grouping = {
        .group = group, .levels = levels_of(group->field), .json = BUF_INIT(JSON_MAX)};
    struct mongo_cursor read = collection_group_begin(db, group);
    const bson_t *document;
    bson_error_t error;
    enum err err = ERR_OK;

    while (err == ERR_OK && mongoc_cursor_next(read.cursor, &document)) {
        err = collection_group_take(&grouping, document);
        if (err == ERR_OK && db->deadline_ms != 0 && clock_mono_ms() > db->deadline_ms)
            err = ERR_TIMEOUT;
    }
    if (err == ERR_OK && mongoc_cursor_error(read.cursor, &error))
        err = mongo_error(&error, false, "aggregate");
    *total = grouping.total;
    mongo_cursor_end(&read);
    buf_free(&grouping.json);
    return err;
}
