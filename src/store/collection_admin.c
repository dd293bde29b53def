/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"
#include "store/query.h"

static void append_keys(bson_t *to, const struct index_spec *index)
{
    for (size_t i = 0; i < index->key_count; i++) {
        const struct index_key *key = &index->keys[i];
        if (key->direction == INDEX_TEXT)
            bson_append_utf8(to, key->field.ptr, (int)key->field.len, "text", -1);
        else
            bson_append_int32(to, key->field.ptr, (int)key->field.len, key->direction);
    }
}

/* {createIndexes: collection, indexes: [{key: {…}, name: …, …}]} */
static void append_command(bson_t *to, struct str collection, const struct index_spec *index)
{
    bson_t list, item, keys;

    query_text(to, "createIndexes", collection);
    bson_append_array_unsafe_begin(to, "indexes", -1, &list);
    bson_append_document_begin(&list, "0", -1, &item);
    bson_append_document_begin(&item, "key", -1, &keys);
    append_keys(&keys, index);
    bson_append_document_end(&item, &keys);
    query_text(&item, "name", str_from(index->name));
    if (index->unique)
        bson_append_bool(&item, "unique", -1, true);
    if (index->expire_after_s > 0)
        bson_append_int64(&item, "expireAfterSeconds", -1, index->expire_after_s);
    bson_append_document_end(&list, &item);
    bson_append_array_end(to, &list);
}

static enum err create_index(struct mongo_db *db, struct str collection,
                             const struct index_spec *index)
{
    bson_t command = BSON_INITIALIZER;
    bson_error_t error;
    enum err err = ERR_OK;

    append_command(&command, collection, index);
    if (!mongoc_client_write_command_with_opts(db->client, db->name, &command, NULL, NULL, &error))
        err = mongo_error(&error, true, "createIndexes");
    bson_destroy(&command);
    return err;
}

enum err collection_create_indexes(struct mongo_db *db, struct str collection,
                                   const struct index_spec *indexes, size_t count,
                                   unsigned *refused)
{
    unsigned failed = 0;

    for (size_t i = 0; i < count; i++) {
        enum err err = create_index(db, collection, &indexes[i]);
        if (err == ERR_UNAVAILABLE || err == ERR_UNKNOWN || err == ERR_DENIED)
            return err;
        if (err == ERR_OK)
            continue;
        failed++;
        log_warn("mongo", "index refused: queries go without it", LOG_STR("collection", collection),
                 LOG_CSTR("index", indexes[i].name), LOG_ERR(err));
    }
    if (refused != NULL)
        *refused = failed;
    return ERR_OK;
}

enum err collection_server_time(struct mongo_db *db, int64_t *wall_ms)
{
    bson_t command = BSON_INITIALIZER, reply;
    bson_error_t error;
    bson_iter_t iter;
    enum err err = ERR_OK;

    bson_append_int32(&command, "hello", -1, 1);
    if (!mongoc_client_command_simple(db->client, "admin", &command, NULL, &reply, &error))
        err = mongo_error(&error, false, "hello");
    else if (!bson_iter_init_find(&iter, &reply, "localTime") || !BSON_ITER_HOLDS_DATE_TIME(&iter))
        err = ERR_PROTOCOL;
    else
        *wall_ms = bson_iter_date_time(&iter);
    bson_destroy(&reply);
    bson_destroy(&command);
    return err;
}

enum err collection_drop(struct mongo_db *db, struct str collection)
{
    enum { NAMESPACE_NOT_FOUND = 26 };
    mongoc_collection_t *gone = query_collection(db, collection);
    bson_error_t error;
    enum err err = ERR_OK;

    if (!mongoc_collection_drop(gone, &error) && error.code != NAMESPACE_NOT_FOUND)
        err = mongo_error(&error, true, "drop");
    mongoc_collection_destroy(gone);
    return err;
}
