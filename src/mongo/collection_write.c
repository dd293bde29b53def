/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/clock.h"
#include "base/idiom.h"
#include "base/log.h"
#include "base/mem.h"
#include "mongo/bson_update.h"
#include "mongo/collection.h"
#include "mongo/mongo_cursor.h"
#include "mongo/mongo_query.h"
#include "mongo/refusal_note.h"

enum { WRITE_MS = 3000, MISSED_TRIES = 50, MISSED_MS = 300 };

const struct assignment *assignment_find(const struct assignment *assignments, size_t count,
                                         struct str field)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(assignments[i].field, field))
            return &assignments[i];
    return NULL;
}

static void append_write_time(bson_t *opts, uint32_t max_time_ms)
{
    bson_append_int64(opts, "maxTimeMS", -1, or_default(max_time_ms, WRITE_MS));
}

enum err collection_insert(struct mongo_db *db, struct str collection,
                           const struct document *document)
{
    mongoc_collection_t *into = mongo_query_collection(db, collection);
    bson_t fields = BSON_INITIALIZER, opts = BSON_INITIALIZER, reply;
    bson_error_t error;
    enum err err = ERR_OK;

    mongo_query_document(&fields, document);
    append_write_time(&opts, 0);
    driver_comment(&opts, db);
    if (!mongoc_collection_insert_one(into, &fields, &opts, &reply, &error)) {
        err = mongo_error(&error, true, "insert");
        refusal_note(into, &reply);
    }
    bson_destroy(&reply);
    bson_destroy(&fields);
    bson_destroy(&opts);
    mongoc_collection_destroy(into);
    return err;
}

static void tell_refused(mongoc_collection_t *into, const bson_iter_t *error, size_t place,
                         const struct outcomes *outcomes)
{
    struct refusal refusal;

    if (outcomes->refused == NULL || outcomes->errs[place] != ERR_REFUSED)
        return;
    refusal_note_error(into, error);
    refusal_take(&refusal);
    outcomes->refused(outcomes->context, place, &refusal);
}

/* {…, writeErrors: [{index: 3, code: 11000, …}]} */
static size_t read_write_errors(mongoc_collection_t *into, const bson_t *reply, size_t count,
                                const struct outcomes *outcomes)
{
    bson_iter_t errors, item, field;
    size_t found = 0;

    if (!bson_iter_init_find(&errors, reply, "writeErrors") || !BSON_ITER_HOLDS_ARRAY(&errors) ||
        !bson_iter_recurse(&errors, &item))
        return 0;
    while (bson_iter_next(&item)) {
        int64_t index = -1, code = 0;
        if (!BSON_ITER_HOLDS_DOCUMENT(&item))
            continue;
        if (bson_iter_recurse(&item, &field) && bson_iter_find(&field, "index"))
            index = bson_iter_as_int64(&field);
        if (bson_iter_recurse(&item, &field) && bson_iter_find(&field, "code"))
            code = bson_iter_as_int64(&field);
        if (index < 0 || (uint64_t)index >= count)
            continue;
        outcomes->errs[index] = mongo_server_code((uint32_t)code, true);
        tell_refused(into, &item, (size_t)index, outcomes);
        found++;
    }
    return found;
}

/* What is not one of the answers that are looked for. */
static void log_refused(const char *operation, enum err err, const bson_t *reply)
{
    bson_iter_t iter, reason;
    bool told = bson_iter_init(&iter, reply) &&
                bson_iter_find_descendant(&iter, "writeErrors.0.errmsg", &reason) &&
                BSON_ITER_HOLDS_UTF8(&reason);

    if (err == ERR_INTERNAL)
        log_warn("mongo", "write refused", LOG_CSTR("operation", operation),
                 LOG_CSTR("reason", told ? bson_iter_utf8(&reason, NULL) : ""));
}

static void note_refused(struct mongo_db *db, const char *verb, struct str name, enum err err,
                         const bson_t *reply)
{
    mongoc_collection_t *collection = mongo_query_collection(db, name);

    log_refused(verb, err, reply);
    refusal_note(collection, reply);
    mongoc_collection_destroy(collection);
}

static bool has_write_concern_error(const bson_t *reply)
{
    bson_iter_t iter, item;

    if (bson_iter_init_find(&iter, reply, "writeConcernError"))
        return true;
    return bson_iter_init_find(&iter, reply, "writeConcernErrors") &&
           bson_iter_recurse(&iter, &item) && bson_iter_next(&item);
}

static enum err judge_many(mongoc_collection_t *into, const bson_t *reply,
                           const bson_error_t *error, size_t count, const struct outcomes *outcomes)
{
    size_t found = read_write_errors(into, reply, count, outcomes);
    enum err rest = ERR_OK;

    if (has_write_concern_error(reply))
        rest = mongo_unconfirmed();
    else if (found == 0)
        rest = mongo_error(error, true, "insert");
    for (size_t i = 0; rest != ERR_OK && i < count; i++)
        if (outcomes->errs[i] == ERR_OK)
            outcomes->errs[i] = rest;
    return rest;
}

enum err collection_insert_many(struct mongo_db *db, struct str collection,
                                const struct document *documents, size_t count,
                                const struct outcomes *outcomes)
{
    mongoc_collection_t *into = mongo_query_collection(db, collection);
    bson_t *all = mem_array(count + 1, sizeof *all);
    const bson_t **list = mem_array(count + 1, sizeof(const bson_t *));
    bson_t opts = BSON_INITIALIZER, reply = BSON_INITIALIZER;
    bson_error_t error;
    enum err err = ERR_OK;

    for (size_t i = 0; i < count; i++) {
        bson_init(&all[i]);
        mongo_query_document(&all[i], &documents[i]);
        list[i] = &all[i];
        outcomes->errs[i] = ERR_OK;
    }
    bson_append_bool(&opts, "ordered", -1, false);
    append_write_time(&opts, 0);
    driver_comment(&opts, db);
    bson_destroy(&reply);
    if (count > 0) {
        if (!mongoc_collection_insert_many(into, list, count, &opts, &reply, &error))
            err = judge_many(into, &reply, &error, count, outcomes);
        bson_destroy(&reply);
    }
    for (size_t i = 0; i < count; i++)
        bson_destroy(&all[i]);
    free(list);
    free(all);
    bson_destroy(&opts);
    mongoc_collection_destroy(into);
    return err;
}

/* The command itself is put together here: the driver's own helpers have no place for maxTimeMS.
 * {update|delete: collection, updates|deletes: [statement], maxTimeMS: …} */
static enum err run_statement(struct mongo_db *db, const char *verb, struct str collection,
                              const char *list, const bson_t *statement, uint32_t max_time_ms,
                              int64_t *changed)
{
    bson_t command = BSON_INITIALIZER, statements, reply;
    bson_error_t error;
    bson_iter_t count;
    enum err err = ERR_OK;

    mongo_query_text(&command, verb, collection);
    bson_append_array_unsafe_begin(&command, list, -1, &statements);
    bson_append_document(&statements, "0", -1, statement);
    bson_append_array_end(&command, &statements);
    append_write_time(&command, max_time_ms);
    driver_comment(&command, db);
    if (!mongoc_client_write_command_with_opts(db->client, db->name, &command, NULL, &reply,
                                               &error))
        err = mongo_error(&error, true, verb);
    else if (read_write_errors(NULL, &reply, 1, &(struct outcomes){.errs = &err}) > 0)
        note_refused(db, verb, collection, err, &reply);
    else if (has_write_concern_error(&reply))
        err = mongo_unconfirmed();
    if (changed != NULL)
        *changed = bson_iter_init_find(&count, &reply, "n") ? bson_iter_as_int64(&count) : 0;
    bson_destroy(&reply);
    bson_destroy(&command);
    return err;
}

enum err collection_update(struct mongo_db *db, const struct update *update, int64_t *changed)
{
    bson_t statement = BSON_INITIALIZER, inner;
    enum err err;

    bson_append_document_begin(&statement, "q", -1, &inner);
    mongo_query_filter(&inner, update->conditions, update->condition_count, NULL);
    bson_append_document_end(&statement, &inner);
    bson_append_document_begin(&statement, "u", -1, &inner);
    mongo_query_update(&inner, update->assignments, update->assignment_count);
    bson_append_document_end(&statement, &inner);
    bson_append_bool(&statement, "upsert", -1, update->upsert);
    err = run_statement(db, "update", update->collection, "updates", &statement,
                        update->max_time_ms, changed);
    bson_destroy(&statement);
    return err;
}

enum err collection_delete(struct mongo_db *db, struct str collection,
                           const struct condition *conditions, size_t count, bool many,
                           int64_t *deleted)
{
    bson_t statement = BSON_INITIALIZER, inner;
    enum err err;

    bson_append_document_begin(&statement, "q", -1, &inner);
    mongo_query_filter(&inner, conditions, count, NULL);
    bson_append_document_end(&statement, &inner);
    bson_append_int32(&statement, "limit", -1, many ? 0 : 1);
    err = run_statement(db, "delete", collection, "deletes", &statement, 0, deleted);
    bson_destroy(&statement);
    return err;
}

/* --- One document --- */

/* DocumentDB (FerretDB's engine) may answer that no document meets the conditions when another
 * write changes that very document at the same time: half of all deletions under six concurrent
 * updates.  MongoDB tries again by itself; this is for servers that do not: as long as the
 * document is there, it was missed. */

struct miss {
    struct mongo_db *db;
    struct str collection;
    const struct condition *conditions;
    size_t count;
    int64_t begun_ms;
    int tries;
};

/* Whether what found nothing is to be done again; *err is what it ended with, and says CONFLICT
 * when there have been too many tries. */
static bool was_missed(struct miss *miss, enum err *err)
{
    static const struct shape_field id = {.name = STR_INIT("_id"), .capture = true};
    static const struct shape shape = {.fields = &id, .count = 1};
    struct value captured;
    enum err found;

    if (*err != ERR_NOT_FOUND)
        return false;
    found = collection_find_one(miss->db, miss->collection, miss->conditions, miss->count, 0,
                                &(struct found_document){.shape = &shape, .captured = &captured});
    if (found == ERR_NOT_FOUND)
        return false;
    if (found == ERR_OK && ++miss->tries < MISSED_TRIES &&
        clock_mono_ms() - miss->begun_ms < MISSED_MS)
        return true;
    *err = found == ERR_OK ? ERR_CONFLICT : found;
    return false;
}

static struct miss miss_watch(struct mongo_db *db, struct str collection,
                              const struct condition *conditions, size_t count)
{
    return (struct miss){db, collection, conditions, count, clock_mono_ms(), 0};
}

static enum err update_one(struct mongo_db *db, const struct update *update)
{
    int64_t met = 0;
    enum err err = collection_update(db, update, &met);

    return err == ERR_OK && met == 0 ? ERR_NOT_FOUND : err;
}

/* Whoever has taken it away since has done so after the change. */
static enum err read_changed(struct mongo_db *db, const struct update *update,
                             const struct found_document *record)
{
    uint32_t max_time_ms = or_default(update->max_time_ms, WRITE_MS);
    enum err err =
        collection_find_one(db, update->collection, update->conditions, 1, max_time_ms, record);

    return err == ERR_OK || err == ERR_NOT_FOUND ? err : ERR_UNKNOWN;
}

/* A document into what the caller has asked for.  The write is done by then: that it cannot be
 * shown must not look as if it had not been. */
static enum err fill_record(const struct found_document *record, const bson_t *document)
{
    return found_document_take(record, document) == ERR_OK ? ERR_OK : ERR_UNKNOWN;
}

/* Nobody else's change can be in between: then there would have been nothing to change. */
static enum err record_changed(struct mongo_db *db, const struct update *update,
                               const struct found_document *record)
{
    bson_t after = BSON_INITIALIZER;
    enum err err;

    if (update->before.len > 0 &&
        bson_update(&after, update->before, update->assignments, update->assignment_count))
        err = fill_record(record, &after);
    else
        err = read_changed(db, update, record);
    bson_destroy(&after);
    return err;
}

enum err collection_modify(struct mongo_db *db, const struct update *update,
                           const struct found_document *record)
{
    struct miss miss =
        miss_watch(db, update->collection, update->conditions, update->condition_count);
    enum err err;

    do
        err = update_one(db, update);
    while (was_missed(&miss, &err));
    return err == ERR_OK && record != NULL ? record_changed(db, update, record) : err;
}

enum err collection_remove(struct mongo_db *db, struct str collection,
                           const struct condition *conditions, size_t count)
{
    struct miss miss = miss_watch(db, collection, conditions, count);
    int64_t deleted;
    enum err err;

    do {
        deleted = 0;
        err = collection_delete(db, collection, conditions, count, false, &deleted);
        if (err == ERR_OK && deleted == 0)
            err = ERR_NOT_FOUND;
    } while (was_missed(&miss, &err));
    return err;
}
