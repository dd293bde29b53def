/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/query.h"

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
