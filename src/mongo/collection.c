/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/collection.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "mongo/mongo_cursor.h"
#include "mongo/mongo_query.h"

/* A document may have 16 MiB, and each of its bytes six characters of JSON. */
enum { DOCUMENT_JSON_MAX = 128 << 20 };

enum err collection_each(struct mongo_db *db, const struct find *find,
                         bool (*each)(void *context, const struct value *captured), void *context)
{
    struct mongo_cursor read = mongo_cursor_begin(db, find, NULL);
    struct value *captured = mem_array(find->shape->count + 1, sizeof *captured);
    const bson_t *document;
    struct arena arena;
    enum err err = ERR_OK;
    bool more = true;

    arena_init(&arena, NULL, 0);
    while (more && err == ERR_OK && mongoc_cursor_next(read.cursor, &document)) {
        err = bson_json_write(bson_get_data(document), document->len, find->shape, NULL, captured,
                              &arena);
        if (err == ERR_OK)
            more = each(context, captured);
        arena_reset(&arena);
    }
    if (err == ERR_OK)
        err = mongo_cursor_error(&read);
    mongo_cursor_end(&read);
    free(captured);
    return err;
}

enum err collection_documents(struct mongo_db *db, const struct find *find,
                              enum err (*each)(void *context, struct str document, struct str json),
                              void *context)
{
    struct mongo_cursor read = mongo_cursor_begin(db, find, NULL);
    struct buf json = BUF_INIT(DOCUMENT_JSON_MAX);
    const bson_t *document;
    enum err err = ERR_OK;

    while (err == ERR_OK && mongoc_cursor_next(read.cursor, &document)) {
        struct str bytes = str_make((const char *)bson_get_data(document), document->len);
        buf_reset(&json);
        err =
            bson_json_write(bson_get_data(document), document->len, find->shape, &json, NULL, NULL);
        if (err == ERR_OK)
            err = each(context, bytes, buf_view(&json));
    }
    if (err == ERR_OK)
        err = mongo_cursor_error(&read);
    mongo_cursor_end(&read);
    buf_free(&json);
    return err;
}

enum err collection_find_one(struct mongo_db *db, struct str collection,
                             const struct condition *conditions, size_t count, uint32_t max_time_ms,
                             const struct found_document *record)
{
    const struct find find = {
        .collection = collection,
        .conditions = conditions,
        .condition_count = count,
        .limit = 1,
        .shape = record->shape,
        .max_time_ms = max_time_ms,
    };
    struct mongo_cursor read = mongo_cursor_begin(db, &find, NULL);
    const bson_t *document;
    enum err err;

    if (mongoc_cursor_next(read.cursor, &document)) {
        err = found_document_take(record, document);
    } else {
        err = mongo_cursor_error(&read);
        err = err == ERR_OK ? ERR_NOT_FOUND : err;
    }
    mongo_cursor_end(&read);
    return err;
}

enum err collection_count(struct mongo_db *db, struct str collection,
                          const struct condition *conditions, size_t count, uint32_t max_time_ms,
                          int64_t *total)
{
    mongoc_collection_t *from = mongo_query_collection(db, collection);
    bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER;
    bson_error_t error;

    mongo_query_filter(&filter, conditions, count, NULL);
    mongo_query_time(&opts, db, max_time_ms);
    *total = mongoc_collection_count_documents(from, &filter, &opts, NULL, NULL, &error);
    bson_destroy(&filter);
    bson_destroy(&opts);
    mongoc_collection_destroy(from);
    return *total < 0 ? mongo_error(&error, false, "count") : ERR_OK;
}
