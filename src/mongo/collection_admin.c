/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "mongo/collection.h"
#include "mongo/mongo_query.h"

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
    mongoc_collection_t *gone = mongo_query_collection(db, collection);
    bson_error_t error;
    enum err err = ERR_OK;

    if (!mongoc_collection_drop(gone, &error) && error.code != NAMESPACE_NOT_FOUND)
        err = mongo_error(&error, true, "drop");
    mongoc_collection_destroy(gone);
    return err;
}

/* {options: {collation: {locale: "en", …}}}; none, or "simple", compares bytes. */
static bool has_collation(const bson_t *described)
{
    bson_iter_t iter, locale;

    return bson_iter_init(&iter, described) &&
           bson_iter_find_descendant(&iter, "options.collation.locale", &locale) &&
           !(BSON_ITER_HOLDS_UTF8(&locale) && strcmp(bson_iter_utf8(&locale, NULL), "simple") == 0);
}

enum err collection_collated(struct mongo_db *db, struct str collection, bool *collated)
{
    mongoc_database_t *database = mongoc_client_get_database(db->client, db->name);
    bson_t opts = BSON_INITIALIZER, filter;
    mongoc_cursor_t *cursor;
    bson_error_t error;
    const bson_t *described;
    enum err err = ERR_OK;

    bson_append_document_begin(&opts, "filter", -1, &filter);
    mongo_query_text(&filter, "name", collection);
    bson_append_document_end(&opts, &filter);
    cursor = mongoc_database_find_collections_with_opts(database, &opts);
    *collated = false;
    while (mongoc_cursor_next(cursor, &described))
        *collated = has_collation(described);
    if (mongoc_cursor_error(cursor, &error))
        err = mongo_error(&error, false, "listCollections");
    mongoc_cursor_destroy(cursor);
    mongoc_database_destroy(database);
    bson_destroy(&opts);
    return err;
}
