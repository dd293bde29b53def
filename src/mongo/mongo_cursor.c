/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/mongo_cursor.h"

#include <stdlib.h>

#include "base/idiom.h"
#include "base/mem.h"
#include "mongo/keyset.h"
#include "mongo/mongo_query.h"

void mongo_cursor_end(struct mongo_cursor *read)
{
    mongoc_cursor_destroy(read->cursor);
    mongoc_collection_destroy(read->collection);
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

    if (mongo_query_projects(find->shape))
        append_projection(opts, find);
    if (find->sort_count > 0) {
        bson_append_document_begin(opts, "sort", -1, &inner);
        if (range != NULL)
            keyset_sort(&inner, range);
        else
            mongo_query_sort(&inner, find->sort, find->sort_count);
        bson_append_document_end(opts, &inner);
    }
    if (find->skip > 0)
        bson_append_int64(opts, "skip", -1, find->skip);
    if (limit > 0)
        bson_append_int64(opts, "limit", -1, limit);
    if (limit > 0 || find->batch > 0)
        bson_append_int64(opts, "batchSize", -1, limit > 0 ? limit : find->batch);
    mongo_query_time(opts, db, find->max_time_ms);
}

struct mongo_cursor mongo_cursor_begin(struct mongo_db *db, const struct find *find,
                                       const struct keyset_range *range)
{
    struct mongo_cursor read = {.collection = mongo_query_collection(db, find->collection)};
    bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER;

    mongo_query_filter(&filter, find->conditions, find->condition_count,
                       range != NULL && keyset_asks(range) ? range : NULL);
    append_options(&opts, db, find, range);
    read.cursor = mongoc_collection_find_with_opts(read.collection, &filter, &opts, NULL);
    bson_destroy(&filter);
    bson_destroy(&opts);
    return read;
}

enum err mongo_cursor_error(const struct mongo_cursor *read)
{
    bson_error_t error;

    return mongoc_cursor_error(read->cursor, &error) ? mongo_error(&error, false, "find") : ERR_OK;
}

enum err found_document_take(const struct found_document *record, const bson_t *document)
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
