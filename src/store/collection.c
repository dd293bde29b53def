/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/collection.h"

#include "base/clock.h"
#include "store/query.h"

enum { SORT_TEXT_MAX = 4096 };

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

static void append_time(bson_t *opts, const struct mongo_db *db, uint32_t max_time_ms)
{
    uint32_t ms = time_for(db, max_time_ms);

    driver_comment(opts, db);
    if (ms != 0)
        bson_append_int64(opts, "maxTimeMS", -1, (int64_t)ms);
}

/* A cursor and what it stands on, freed in this order. */
struct reading {
    mongoc_cursor_t *cursor;
    mongoc_collection_t *collection;
};

static void reading_end(struct reading *reading)
{
    mongoc_cursor_destroy(reading->cursor);
    mongoc_collection_destroy(reading->collection);
}

static void append_options(bson_t *opts, const struct mongo_db *db, const struct find *find,
                           const struct shape *shape)
{
    int64_t limit = find->limit > 0 ? (int64_t)find->limit + find->look_ahead : 0;
    bson_t inner;

    if (!shape->whole) {
        bson_append_document_begin(opts, "projection", -1, &inner);
        query_projection(&inner, shape);
        bson_append_document_end(opts, &inner);
    }
    if (find->sort_count > 0) {
        bson_append_document_begin(opts, "sort", -1, &inner);
        query_sort(&inner, find->sort, find->sort_count);
        bson_append_document_end(opts, &inner);
    }
    if (find->skip > 0)
        bson_append_int64(opts, "skip", -1, find->skip);
    if (limit > 0) {
        bson_append_int64(opts, "limit", -1, limit);
        bson_append_int64(opts, "batchSize", -1, limit); /* all of them in one answer */
    }
    append_time(opts, db, find->max_time_ms);
}

static struct reading reading_begin(struct mongo_db *db, const struct find *find,
                                    const struct shape *shape)
{
    struct reading reading = {.collection = query_collection(db, find->collection)};
    bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER;

    query_filter(&filter, find->conditions, find->condition_count, find->after, find->sort,
                 find->sort_count);
    append_options(&opts, db, find, shape);
    reading.cursor = mongoc_collection_find_with_opts(reading.collection, &filter, &opts, NULL);
    bson_destroy(&filter);
    bson_destroy(&opts);
    return reading;
}

static enum err reading_error(const struct reading *reading)
{
    bson_error_t error;

    return mongoc_cursor_error(reading->cursor, &error) ? mongo_error(&error, false, "find")
                                                        : ERR_OK;
}

/* The shape asked for, with _id, version and the sort's key captured besides. */
struct marks {
    struct shape_field fields[SHAPE_FIELDS_MAX + 2];
    struct value values[SHAPE_FIELDS_MAX + 2];
    struct shape shape;
    size_t id, version, key;
    bool versioned; /* the shape has a version */
    struct keyset last;
    char text[SORT_TEXT_MAX];
};

static size_t capture(struct marks *marks, struct str name)
{
    size_t i = shape_find(&marks->shape, name);

    if (i == marks->shape.count)
        marks->fields[marks->shape.count++] = (struct shape_field){.name = name, .hidden = true};
    marks->fields[i].capture = true;
    return i;
}

static void marks_init(struct marks *marks, const struct find *find)
{
    size_t count = find->shape->count < SHAPE_FIELDS_MAX ? find->shape->count : SHAPE_FIELDS_MAX;

    memcpy(marks->fields, find->shape->fields, count * sizeof marks->fields[0]);
    for (size_t i = 0; i < count; i++)
        marks->fields[i].capture = false;
    marks->shape = (struct shape){marks->fields, count, find->shape->whole};
    marks->id = capture(marks, STR("_id"));
    marks->version = shape_find(&marks->shape, STR("version"));
    marks->versioned = marks->version < marks->shape.count;
    if (marks->versioned)
        marks->fields[marks->version].capture = true;
    marks->key = find->sort_count > 0 ? capture(marks, find->sort[0].field) : marks->id;
}

/* The document's bytes are gone with the next one, so a text is copied. */
static void mark_last(struct marks *marks)
{
    const struct value *key = &marks->values[marks->key];

    marks->last.value = *key;
    marks->last.id = marks->values[marks->id].type == VALUE_OID ? marks->values[marks->id].oid
                                                                : (struct oid){{0}};
    if (key->type != VALUE_STRING)
        return;
    if (key->string.len > sizeof marks->text) {
        marks->last.value = value_null();
        return;
    }
    memcpy(marks->text, key->string.ptr, key->string.len);
    marks->last.value.string.ptr = marks->text;
}

static void mark_item(const struct marks *marks, struct find_item *item, size_t offset, size_t len)
{
    const struct value *version = &marks->values[marks->version];

    *item = (struct find_item){.offset = offset, .len = len, .id = marks->last.id};
    if (marks->versioned && version->type == VALUE_INT)
        item->version = version->integer;
}

static enum err take(struct marks *marks, const bson_t *document, struct buf *out,
                     struct find_result *result)
{
    size_t offset;
    enum err err;

    if (result->count > 0)
        buf_char(out, ',');
    offset = out->len;
    err = bson_json_write(bson_get_data(document), document->len, &marks->shape, out, marks->values,
                          NULL);
    if (err != ERR_OK)
        return err;
    mark_last(marks);
    if (result->items != NULL)
        mark_item(marks, &result->items[result->count], offset, out->len - offset);
    result->count++;
    return ERR_OK;
}

static void keep_last(const struct marks *marks, struct find_result *result)
{
    result->last = marks->last;
    if (result->last.value.type == VALUE_STRING)
        result->last.value.string = arena_str(result->arena, result->last.value.string);
}

enum err collection_find(struct mongo_db *db, const struct find *find, struct buf *out,
                         struct find_result *result)
{
    size_t start = out->len;
    const bson_t *document;
    struct reading reading;
    struct marks marks;
    enum err err = ERR_OK;

    result->count = 0;
    result->more = false;
    marks_init(&marks, find);
    reading = reading_begin(db, find, &marks.shape);
    while (err == ERR_OK && mongoc_cursor_next(reading.cursor, &document)) {
        if (find->limit > 0 && result->count == find->limit) {
            result->more = true;
            break;
        }
        err = take(&marks, document, out, result);
    }
    if (err == ERR_OK)
        err = reading_error(&reading);
    reading_end(&reading);
    if (err != ERR_OK) {
        out->len = start;
        result->count = 0;
    } else if (result->count > 0 && result->arena != NULL) {
        keep_last(&marks, result);
    }
    return err;
}

enum err collection_each(struct mongo_db *db, const struct find *find,
                         bool (*each)(void *context, const struct value *captured), void *context)
{
    struct reading reading = reading_begin(db, find, find->shape);
    struct value captured[SHAPE_FIELDS_MAX];
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
        .max_time_ms = max_time_ms,
    };
    struct reading reading = reading_begin(db, &find, record->shape);
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

    query_filter(&filter, conditions, count, NULL, NULL, 0);
    append_time(&opts, db, max_time_ms);
    *total = mongoc_collection_count_documents(from, &filter, &opts, NULL, NULL, &error);
    bson_destroy(&filter);
    bson_destroy(&opts);
    mongoc_collection_destroy(from);
    return *total < 0 ? mongo_error(&error, false, "count") : ERR_OK;
}
