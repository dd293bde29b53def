/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/collection.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "store/query.h"
#include "store/reading.h"

/* A document may have 16 MiB, and each of its bytes six characters of JSON. */
enum { DOCUMENT_JSON_MAX = 128 << 20 };

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

void query_time(bson_t *opts, const struct mongo_db *db, uint32_t max_time_ms)
{
    uint32_t ms = time_for(db, max_time_ms);

    driver_comment(opts, db);
    if (ms != 0)
        bson_append_int64(opts, "maxTimeMS", -1, (int64_t)ms);
}

void reading_end(struct reading *reading)
{
    mongoc_cursor_destroy(reading->cursor);
    mongoc_collection_destroy(reading->collection);
}

/* The fields of the shape, and what is read besides: _id, the sort's (an embedded document as a
 * whole) and the owner's. */
static void append_projection(bson_t *opts, const struct find *find)
{
    struct str wanted[] = {find->owner, find->sort_count > 0 ? find->sort[0].field : STR("")};
    const struct shape *shape = find->shape;
    bson_t inner;

    bson_append_document_begin(opts, "projection", -1, &inner);
    for (size_t i = 0; i < shape->count; i++)
        bson_append_int32(&inner, shape->fields[i].name.ptr, (int)shape->fields[i].name.len, 1);
    if (shape->count == 0)
        bson_append_int32(&inner, "_id", -1, 1);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        struct str name = str_make(wanted[i].ptr, str_find(wanted[i], '.'));
        bool again = i > 0 && str_eq(name, wanted[0]);
        if (name.len > 0 && !again && !str_eq(name, STR("_id")) &&
            shape_find(shape, name) == shape->count)
            bson_append_int32(&inner, name.ptr, (int)name.len, 1);
    }
    bson_append_document_end(opts, &inner);
}

static void append_options(bson_t *opts, const struct mongo_db *db, const struct find *find,
                           const struct keyset_range *range)
{
    int64_t limit = find->limit > 0 ? (int64_t)find->limit + find->look_ahead : 0;
    bson_t inner;

    if (query_projects(find->shape))
        append_projection(opts, find);
    if (find->sort_count > 0) {
        bson_append_document_begin(opts, "sort", -1, &inner);
        if (range != NULL)
            keyset_sort(&inner, range);
        else
            query_sort(&inner, find->sort, find->sort_count);
        bson_append_document_end(opts, &inner);
    }
    if (find->skip > 0)
        bson_append_int64(opts, "skip", -1, find->skip);
    if (limit > 0) {
        bson_append_int64(opts, "limit", -1, limit);
        bson_append_int64(opts, "batchSize", -1, limit); /* all of them in one answer */
    }
    query_time(opts, db, find->max_time_ms);
}

struct reading reading_begin(struct mongo_db *db, const struct find *find,
                             const struct keyset_range *range)
{
    struct reading reading = {.collection = query_collection(db, find->collection)};
    bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER;

    query_filter(&filter, find->conditions, find->condition_count,
                 range != NULL && keyset_asks(range) ? range : NULL);
    append_options(&opts, db, find, range);
    reading.cursor = mongoc_collection_find_with_opts(reading.collection, &filter, &opts, NULL);
    bson_destroy(&filter);
    bson_destroy(&opts);
    return reading;
}

enum err reading_error(const struct reading *reading)
{
    bson_error_t error;

    return mongoc_cursor_error(reading->cursor, &error) ? mongo_error(&error, false, "find")
                                                        : ERR_OK;
}

enum err collection_each(struct mongo_db *db, const struct find *find,
                         bool (*each)(void *context, const struct value *captured), void *context)
{
    struct reading reading = reading_begin(db, find, NULL);
    struct value *captured = mem_array(find->shape->count + 1, sizeof *captured);
    const bson_t *document;
    struct arena arena;
    enum err err = ERR_OK;
    bool more = true;

    arena_init(&arena, NULL, 0);
    while (more && err == ERR_OK && mongoc_cursor_next(reading.cursor, &document)) {
        err = bson_json_write(bson_get_data(document), document->len, find->shape, NULL, captured,
                              &arena);
        if (err == ERR_OK)
            more = each(context, captured);
        arena_reset(&arena);
    }
    if (err == ERR_OK)
        err = reading_error(&reading);
    reading_end(&reading);
    free(captured);
    return err;
}

enum err collection_documents(struct mongo_db *db, const struct find *find,
                              enum err (*each)(void *context, struct str document, struct str json),
                              void *context)
{
    struct reading reading = reading_begin(db, find, NULL);
    struct buf json = BUF_INIT(DOCUMENT_JSON_MAX);
    const bson_t *document;
    enum err err = ERR_OK;

    while (err == ERR_OK && mongoc_cursor_next(reading.cursor, &document)) {
        struct str bytes = str_make((const char *)bson_get_data(document), document->len);
        buf_reset(&json);
        err =
            bson_json_write(bson_get_data(document), document->len, find->shape, &json, NULL, NULL);
        if (err == ERR_OK)
            err = each(context, bytes, buf_view(&json));
    }
    if (err == ERR_OK)
        err = reading_error(&reading);
    reading_end(&reading);
    buf_free(&json);
    return err;
}

enum err collection_record(const struct record *record, const bson_t *document)
{
    const uint8_t *data = bson_get_data(document);
    size_t start = record->out != NULL ? record->out->len : 0;
    enum err err = bson_json_write(data, document->len, record->shape, record->out,
                                   record->captured, record->arena);

    if (err != ERR_OK && record->out != NULL)
        record->out->len = start;
    if (err == ERR_OK && record->raw != NULL) {
        buf_append(record->raw, data, document->len);
        err = record->raw->err;
    }
    return err;
}

enum err collection_find_one(struct mongo_db *db, struct str collection,
                             const struct condition *conditions, size_t count, uint32_t max_time_ms,
                             const struct record *record)
{
    const struct find find = {
        .collection = collection,
        .conditions = conditions,
        .condition_count = count,
        .limit = 1,
        .shape = record->shape,
        .max_time_ms = max_time_ms,
    };
    struct reading reading = reading_begin(db, &find, NULL);
    const bson_t *document;
    enum err err;

    if (mongoc_cursor_next(reading.cursor, &document)) {
        err = collection_record(record, document);
    } else {
        err = reading_error(&reading);
        err = err == ERR_OK ? ERR_NOT_FOUND : err;
    }
    reading_end(&reading);
    return err;
}

enum err collection_count(struct mongo_db *db, struct str collection,
                          const struct condition *conditions, size_t count, uint32_t max_time_ms,
                          int64_t *total)
{
    mongoc_collection_t *from = query_collection(db, collection);
    bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER;
    bson_error_t error;

    query_filter(&filter, conditions, count, NULL);
    query_time(&opts, db, max_time_ms);
    *total = mongoc_collection_count_documents(from, &filter, &opts, NULL, NULL, &error);
    bson_destroy(&filter);
    bson_destroy(&opts);
    mongoc_collection_destroy(from);
    return *total < 0 ? mongo_error(&error, false, "count") : ERR_OK;
}
