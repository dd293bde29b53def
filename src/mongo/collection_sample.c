/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/bson_value.h"
#include "mongo/collection.h"
#include "mongo/mongo_cursor.h"
#include "mongo/mongo_query.h"

enum { SAMPLE_MS = 10000 };

struct sampling {
    bool (*each)(void *context, const struct value *document);
    void *context;
    size_t told;
    bool more;
};

static enum err collection_sample_tell(struct sampling *sampling, const bson_t *document)
{
    const struct bson_element whole = {
        .kind = KIND_DOCUMENT, .data = bson_get_data(document), .len = document->len};
    struct value value;
    struct arena arena;
    enum err err = ERR_PROTOCOL;

    arena_init(&arena, NULL, 0);
    if (bson_value(&whole, &arena, &value)) {
        sampling->more = sampling->each(sampling->context, &value);
        sampling->told++;
        err = ERR_OK;
    }
    arena_reset(&arena);
    return err;
}

static enum err tell_all(struct sampling *sampling, struct mongo_cursor *read)
{
    const bson_t *document;
    enum err err = ERR_OK;

    while (err == ERR_OK && sampling->more && mongoc_cursor_next(read->cursor, &document))
        err = collection_sample_tell(sampling, document);
    if (err == ERR_OK)
        err = mongo_cursor_error(read);
    mongo_cursor_end(read);
    return err;
}

/* [{$sample: {size: count}}] */
static enum err tell_some(struct mongo_db *db, struct str collection, uint32_t count,
                          struct sampling *sampling)
{
    struct mongo_cursor read = {.collection = mongo_query_collection(db, collection)};
    bson_t pipeline = BSON_INITIALIZER, opts = BSON_INITIALIZER, stages, stage, sample;

    bson_append_array_unsafe_begin(&pipeline, "pipeline", -1, &stages);
    bson_append_document_begin(&stages, "0", -1, &stage);
    bson_append_document_begin(&stage, "$sample", -1, &sample);
    bson_append_int32(&sample, "size", -1, (int32_t)count);
    bson_append_document_end(&stage, &sample);
    bson_append_document_end(&stages, &stage);
    bson_append_array_end(&pipeline, &stages);
    bson_append_int64(&opts, "maxTimeMS", -1, SAMPLE_MS);
    read.cursor =
        mongoc_collection_aggregate(read.collection, MONGOC_QUERY_NONE, &pipeline, &opts, NULL);
    bson_destroy(&pipeline);
    bson_destroy(&opts);
    return tell_all(sampling, &read);
}

static enum err tell_end(struct mongo_db *db, struct str collection, uint32_t count, int direction,
                         struct sampling *sampling)
{
    static const struct shape all = {.open = true};
    const struct sort_key sort = {STR("_id"), direction};
    const struct find find = {.collection = collection,
                              .sort = &sort,
                              .sort_count = 1,
                              .limit = count,
                              .shape = &all,
                              .max_time_ms = SAMPLE_MS};
    struct mongo_cursor read = mongo_cursor_begin(db, &find, NULL);

    return tell_all(sampling, &read);
}

enum err collection_sample(struct mongo_db *db, struct str collection, uint32_t count,
                           bool (*each)(void *context, const struct value *document), void *context)
{
    struct sampling sampling = {each, context, 0, true};
    enum err err = tell_end(db, collection, count, -1, &sampling);

    if (sampling.told < count)
        return err; /* these were all */
    if (err == ERR_OK && sampling.more)
        err = tell_end(db, collection, count, 1, &sampling);
    /* Not every server picks some at random, and some look at all for it. */
    if (err == ERR_OK && sampling.more)
        (void)tell_some(db, collection, count, &sampling);
    return err;
}
