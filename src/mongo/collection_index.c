/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "mongo/collection.h"
#include "mongo/mongo_query.h"

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

static bool is_text(const struct index_spec *index)
{
    for (size_t i = 0; i < index->key_count; i++)
        if (index->keys[i].direction == INDEX_TEXT)
            return true;
    return false;
}

/* {createIndexes: collection, indexes: [{key: {…}, name: …, …}]} */
static void append_command(bson_t *to, struct str collection, const struct index_spec *index)
{
    bson_t list, item, keys;

    mongo_query_text(to, "createIndexes", collection);
    bson_append_array_unsafe_begin(to, "indexes", -1, &list);
    bson_append_document_begin(&list, "0", -1, &item);
    bson_append_document_begin(&item, "key", -1, &keys);
    append_keys(&keys, index);
    bson_append_document_end(&item, &keys);
    mongo_query_text(&item, "name", index->name);
    if (index->unique)
        bson_append_bool(&item, "unique", -1, true);
    if (index->sparse)
        bson_append_bool(&item, "sparse", -1, true);
    if (is_text(index)) {
        bson_append_utf8(&item, "default_language", -1, "none", -1);
        bson_append_utf8(&item, "language_override", -1, "larder_language", -1);
    }
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
    /* A code without a meaning of its own: the server does not go on with it. */
    if (err == ERR_UNKNOWN && mongo_error_kind(&error, false) == ERR_INTERNAL)
        err = ERR_INTERNAL;
    bson_destroy(&command);
    return err;
}

/* Whether it may be taken at another time. */
static bool index_is_put_off(enum err err)
{
    return err == ERR_UNAVAILABLE || err == ERR_UNKNOWN || err == ERR_DENIED || err == ERR_BUSY ||
           err == ERR_CONFLICT || err == ERR_READ_ONLY;
}

enum err collection_create_indexes(struct mongo_db *db, struct str collection,
                                   const struct index_spec *indexes, size_t count,
                                   unsigned *refused)
{
    unsigned failed = 0;

    for (size_t i = 0; i < count; i++) {
        enum err err = create_index(db, collection, &indexes[i]);
        if (index_is_put_off(err))
            return err;
        if (err == ERR_OK)
            continue;
        failed++;
        log_warn("mongo", "index refused: queries go without it", LOG_STR("collection", collection),
                 LOG_STR("index", indexes[i].name), LOG_ERR(err));
    }
    if (refused != NULL)
        *refused = failed;
    return ERR_OK;
}

enum err collection_drop_index(struct mongo_db *db, struct str collection, struct str name)
{
    enum { NAMESPACE_NOT_FOUND = 26, INDEX_NOT_FOUND = 27 };
    bson_t command = BSON_INITIALIZER;
    bson_error_t error;
    enum err err = ERR_OK;

    mongo_query_text(&command, "dropIndexes", collection);
    mongo_query_text(&command, "index", name);
    if (!mongoc_client_write_command_with_opts(db->client, db->name, &command, NULL, NULL,
                                               &error) &&
        error.code != INDEX_NOT_FOUND && error.code != NAMESPACE_NOT_FOUND)
        err = mongo_error(&error, true, "dropIndexes");
    bson_destroy(&command);
    return err;
}

/* {inprog: [{progress: {done: 5, total: 10}, …}]} */
static bool read_progress(const bson_t *reply, int64_t *done, int64_t *total)
{
    bson_iter_t iter, item, field, number;

    if (!bson_iter_init_find(&iter, reply, "inprog") || !BSON_ITER_HOLDS_ARRAY(&iter) ||
        !bson_iter_recurse(&iter, &item))
        return false;
    while (bson_iter_next(&item)) {
        if (!BSON_ITER_HOLDS_DOCUMENT(&item) || !bson_iter_recurse(&item, &field) ||
            !bson_iter_find(&field, "progress") || !BSON_ITER_HOLDS_DOCUMENT(&field))
            continue;
        *done = bson_iter_recurse(&field, &number) && bson_iter_find(&number, "done")
                    ? bson_iter_as_int64(&number)
                    : 0;
        *total = bson_iter_recurse(&field, &number) && bson_iter_find(&number, "total")
                     ? bson_iter_as_int64(&number)
                     : 0;
        if (*total > 0)
            return true;
    }
    return false;
}

enum err collection_index_progress(struct mongo_db *db, struct str collection, int64_t *done,
                                   int64_t *total)
{
    bson_t command = BSON_INITIALIZER, reply;
    enum err err = ERR_NOT_FOUND;

    bson_append_int32(&command, "currentOp", -1, 1);
    mongo_query_text(&command, "command.createIndexes", collection);
    if (mongoc_client_command_simple(db->client, "admin", &command, NULL, &reply, NULL) &&
        read_progress(&reply, done, total))
        err = ERR_OK;
    bson_destroy(&reply);
    bson_destroy(&command);
    return err;
}

/* --- Those that exist --- */

enum { KEYS_MAX = 64 };

/* An index as the server describes it. */
struct found {
    struct index_spec spec;
    struct index_key keys[KEYS_MAX];
};

static void add_key(struct found *found, const bson_iter_t *name, int direction)
{
    if (found->spec.key_count < KEYS_MAX)
        found->keys[found->spec.key_count++] =
            (struct index_key){str_make(bson_iter_key(name), bson_iter_key_len(name)), direction};
}

/* {weights: {field: 1, …}}: the key itself has {_fts: "text", _ftsx: 1} for them. */
static void add_words(struct found *found, const bson_t *index)
{
    bson_iter_t iter, weight;

    if (!bson_iter_init_find(&iter, index, "weights") || !BSON_ITER_HOLDS_DOCUMENT(&iter) ||
        !bson_iter_recurse(&iter, &weight))
        return;
    while (bson_iter_next(&weight))
        add_key(found, &weight, INDEX_TEXT);
}

static void add_keys(struct found *found, const bson_t *index)
{
    bson_iter_t iter, key;
    bool words = false;

    if (!bson_iter_init_find(&iter, index, "key") || !BSON_ITER_HOLDS_DOCUMENT(&iter) ||
        !bson_iter_recurse(&iter, &key))
        return;
    while (bson_iter_next(&key)) {
        bool text = BSON_ITER_HOLDS_UTF8(&key) && strcmp(bson_iter_utf8(&key, NULL), "text") == 0;
        bool own = strcmp(bson_iter_key(&key), "_fts") == 0;
        if (text && own && !words)
            add_words(found, index);
        else if (text)
            add_key(found, &key, INDEX_TEXT);
        else if (strcmp(bson_iter_key(&key), "_ftsx") != 0)
            add_key(found, &key, bson_iter_as_int64(&key) < 0 ? -1 : 1);
        words = words || text;
    }
}

static bool is_set(const bson_t *index, const char *name)
{
    bson_iter_t iter;

    return bson_iter_init_find(&iter, index, name) && bson_iter_as_bool(&iter);
}

static void read_index(struct found *found, const bson_t *index)
{
    bson_iter_t iter;
    uint32_t len = 0;
    const char *text;

    *found = (struct found){.spec = {.unique = is_set(index, "unique"),
                                     .sparse = is_set(index, "sparse"),
                                     .keys = found->keys}};
    if (bson_iter_init_find(&iter, index, "name") && BSON_ITER_HOLDS_UTF8(&iter)) {
        text = bson_iter_utf8(&iter, &len);
        found->spec.name = str_make(text, len);
    }
    if (bson_iter_init_find(&iter, index, "expireAfterSeconds"))
        found->spec.expire_after_s = bson_iter_as_int64(&iter);
    add_keys(found, index);
}

enum err collection_indexes(struct mongo_db *db, struct str collection,
                            void (*each)(void *context, const struct index_spec *index),
                            void *context)
{
    mongoc_collection_t *of = mongo_query_collection(db, collection);
    mongoc_cursor_t *cursor = mongoc_collection_find_indexes_with_opts(of, NULL);
    struct found *found = mem_zalloc(sizeof *found);
    bson_error_t error;
    const bson_t *index;
    enum err err = ERR_OK;

    while (mongoc_cursor_next(cursor, &index)) {
        read_index(found, index);
        each(context, &found->spec);
    }
    if (mongoc_cursor_error(cursor, &error) && error.code != MONGOC_ERROR_COLLECTION_DOES_NOT_EXIST)
        err = mongo_error(&error, false, "listIndexes");
    free(found);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(of);
    return err;
}

enum err collection_exists(struct mongo_db *db, struct str collection, bool *exists)
{
    mongoc_database_t *database = mongoc_client_get_database(db->client, db->name);
    char *name = mem_strndup(collection.ptr, collection.len);
    bson_error_t error = {.code = 0};
    enum err err = ERR_OK;

    *exists = mongoc_database_has_collection(database, name, &error);
    if (!*exists && error.code != 0)
        err = mongo_error(&error, false, "listCollections");
    free(name);
    mongoc_database_destroy(database);
    return err;
}

enum err collection_is_empty(struct mongo_db *db, struct str collection, bool *empty)
{
    static const struct shape_field id = {.name = STR_INIT("_id")};
    static const struct shape shape = {.fields = &id, .count = 1};
    enum err err =
        collection_find_one(db, collection, NULL, 0, 0, &(struct found_document){.shape = &shape});

    *empty = err == ERR_NOT_FOUND;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
