/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/changes.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "mongo/driver.h"

/* The commands are sent as they are, not by the driver's mongoc_change_stream_t: only so it is
 * known where a batch ends, that is, when nothing was left. */

enum { TOKEN_MAX = 64 << 10, NAME_SIZE = 256 };

struct changes {
    struct mongo_db *db;
    mongoc_client_session_t *session;
    int64_t cursor; /* 0: none, or at its end */
    struct buf token;
    bson_t first; /* the aggregation's reply, until it is read */
    bool unread;
};

/* --- Errors --- */

static _Thread_local char changes_words[512];

static enum err changes_code(uint32_t code, bool resuming)
{
    static const struct {
        uint32_t code;
        enum err err;
    } known[] = {
        {13, ERR_DENIED},         {18, ERR_DENIED},         {59, ERR_UNSUPPORTED},
        {115, ERR_UNSUPPORTED},   {123, ERR_UNSUPPORTED},   {238, ERR_UNSUPPORTED},
        {40324, ERR_UNSUPPORTED}, {40573, ERR_UNSUPPORTED}, {136, ERR_STALE},
        {222, ERR_STALE},         {260, ERR_STALE},         {280, ERR_STALE},
        {286, ERR_STALE},         {9, ERR_STALE},           {50811, ERR_STALE},
        {40649, ERR_STALE},       {50810, ERR_STALE},       {40647, ERR_STALE},
    };

    for (size_t i = 0; i < COUNT(known); i++)
        if (known[i].code == code && (resuming || known[i].err != ERR_STALE))
            return known[i].err;
    return ERR_UNAVAILABLE;
}

static enum err changes_error(const bson_error_t *error, bool resuming, const char **why)
{
    snprintf(changes_words, sizeof changes_words, "%s", error->message);
    if (why != NULL)
        *why = changes_words;
    return error->domain == MONGOC_ERROR_SERVER ? changes_code(error->code, resuming)
                                                : ERR_UNAVAILABLE;
}

/* --- The question --- */

static void changes_add_names(bson_t *match, int at, const char *field, const struct str *names,
                              size_t count)
{
    bson_t alternative, in, list;
    char key[24];

    snprintf(key, sizeof key, "%d", at);
    bson_append_document_begin(match, key, -1, &alternative);
    bson_append_document_begin(&alternative, field, -1, &in);
    bson_append_array_unsafe_begin(&in, "$in", -1, &list);
    for (size_t i = 0; i < count; i++) {
        snprintf(key, sizeof key, "%zu", i);
        bson_append_utf8(&list, key, -1, names[i].ptr, (int)names[i].len);
    }
    bson_append_array_end(&in, &list);
    bson_append_document_end(&alternative, &in);
    bson_append_document_end(match, &alternative);
}

static void changes_add_match(bson_t *stage, const struct changes_config *config)
{
    static const struct str ends[] = {STR_INIT("invalidate"), STR_INIT("dropDatabase")};
    bson_t match, any;

    bson_append_document_begin(stage, "$match", -1, &match);
    bson_append_array_unsafe_begin(&match, "$or", -1, &any);
    changes_add_names(&any, 0, "ns.coll", config->collections, config->collection_count);
    changes_add_names(&any, 1, "to.coll", config->collections, config->collection_count);
    changes_add_names(&any, 2, "operationType", ends, COUNT(ends));
    bson_append_array_end(&match, &any);
    bson_append_document_end(stage, &match);
}

static void changes_add_paths(bson_t *project, const char *under, const struct str *paths,
                              size_t count)
{
    char name[NAME_SIZE];

    for (size_t i = 0; i < count; i++) {
        int len = snprintf(name, sizeof name, "%s.%.*s", under, (int)paths[i].len, paths[i].ptr);
        if (len > 0 && (size_t)len < sizeof name && !bson_has_field(project, name))
            bson_append_int32(project, name, len, 1);
    }
}

static void changes_add_project(bson_t *stage, const struct changes_config *config)
{
    static const char *const always[] = {"operationType", "ns", "to", "documentKey", "wallTime"};
    bson_t project;

    bson_append_document_begin(stage, "$project", -1, &project);
    for (size_t i = 0; i < COUNT(always); i++)
        bson_append_int32(&project, always[i], -1, 1);
    changes_add_paths(&project, "fullDocument", config->fields, config->field_count);
    changes_add_paths(&project, "fullDocumentBeforeChange", config->fields, config->field_count);
    changes_add_paths(&project, "updateDescription.updatedFields", config->updated,
                      config->updated_count);
    bson_append_document_end(stage, &project);
}

static void changes_add_stream(bson_t *stage, const struct changes_config *config, bool images)
{
    bson_t options, token;

    bson_append_document_begin(stage, "$changeStream", -1, &options);
    if (images) {
        bson_append_utf8(&options, "fullDocument", -1, "whenAvailable", -1);
        bson_append_utf8(&options, "fullDocumentBeforeChange", -1, "whenAvailable", -1);
    }
    if (config->token.len > 0 &&
        bson_init_static(&token, (const uint8_t *)config->token.ptr, config->token.len))
        bson_append_document(&options, "resumeAfter", -1, &token);
    bson_append_document_end(stage, &options);
}

static void changes_command(bson_t *command, const struct changes_config *config, bool images)
{
    bson_t pipeline, stage, cursor;

    bson_append_int32(command, "aggregate", -1, 1);
    bson_append_array_unsafe_begin(command, "pipeline", -1, &pipeline);
    bson_append_document_begin(&pipeline, "0", -1, &stage);
    changes_add_stream(&stage, config, images);
    bson_append_document_end(&pipeline, &stage);
    bson_append_document_begin(&pipeline, "1", -1, &stage);
    changes_add_match(&stage, config);
    bson_append_document_end(&pipeline, &stage);
    bson_append_document_begin(&pipeline, "2", -1, &stage);
    changes_add_project(&stage, config);
    bson_append_document_end(&pipeline, &stage);
    bson_append_array_end(command, &pipeline);
    bson_append_document_begin(command, "cursor", -1, &cursor);
    bson_append_document_end(command, &cursor);
}

static bool changes_send(struct changes *changes, const bson_t *command, bson_t *reply,
                         bson_error_t *error)
{
    bson_t opts = BSON_INITIALIZER;
    bool good = mongoc_client_session_append(changes->session, &opts, error) &&
                mongoc_client_command_with_opts(changes->db->client, changes->db->name, command,
                                                NULL, &opts, reply, error);

    bson_destroy(&opts);
    return good;
}

/* --- The answer --- */

static struct str changes_bytes(const bson_iter_t *iter)
{
    const uint8_t *data = NULL;
    uint32_t len = 0;

    if (BSON_ITER_HOLDS_DOCUMENT(iter))
        bson_iter_document(iter, &len, &data);
    return str_make((const char *)data, len);
}

static struct str changes_find(const bson_t *document, const char *path)
{
    bson_iter_t iter, found;

    if (!bson_iter_init(&iter, document) || !bson_iter_find_descendant(&iter, path, &found))
        return STR("");
    if (BSON_ITER_HOLDS_UTF8(&found)) {
        uint32_t len = 0;
        const char *text = bson_iter_utf8(&found, &len);
        return str_make(text, len);
    }
    return changes_bytes(&found);
}

static enum change_kind changes_kind(struct str name)
{
    static const struct str names[] = {
        [CHANGE_INSERT] = STR_INIT("insert"),
        [CHANGE_UPDATE] = STR_INIT("update"),
        [CHANGE_REPLACE] = STR_INIT("replace"),
        [CHANGE_DELETE] = STR_INIT("delete"),
        [CHANGE_DROP] = STR_INIT("drop"),
        [CHANGE_RENAME] = STR_INIT("rename"),
        [CHANGE_INVALIDATE] = STR_INIT("invalidate"),
    };

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq(names[i], name))
            return (enum change_kind)i;
    return str_eq(name, STR("dropDatabase")) ? CHANGE_INVALIDATE : CHANGE_OTHER;
}

static void changes_read(const bson_t *event, struct change *change)
{
    bson_iter_t iter;

    *change = (struct change){
        .kind = changes_kind(changes_find(event, "operationType")),
        .collection = changes_find(event, "ns.coll"),
        .target = changes_find(event, "to.coll"),
        .key = changes_find(event, "documentKey"),
        .before = changes_find(event, "fullDocumentBeforeChange"),
        .after = changes_find(event, "fullDocument"),
        .updated = changes_find(event, "updateDescription.updatedFields"),
    };
    if (bson_iter_init_find(&iter, event, "wallTime") && BSON_ITER_HOLDS_DATE_TIME(&iter))
        change->wall_ms = bson_iter_date_time(&iter);
}

static void changes_take_token(struct changes *changes, struct str token)
{
    if (token.len == 0)
        return;
    buf_reset(&changes->token);
    buf_str(&changes->token, token);
}

static size_t changes_each(struct changes *changes, const bson_t *reply, const char *batch,
                           void (*each)(void *context, const struct change *change), void *context)
{
    bson_iter_t iter, list, items;
    struct change change;
    size_t count = 0;
    bson_t event;

    if (!bson_iter_init(&iter, reply) || !bson_iter_find_descendant(&iter, batch, &list) ||
        !bson_iter_recurse(&list, &items))
        return 0;
    for (; bson_iter_next(&items); count++) {
        struct str bytes = changes_bytes(&items);
        if (!bson_init_static(&event, (const uint8_t *)bytes.ptr, bytes.len))
            continue;
        changes_read(&event, &change);
        changes_take_token(changes, changes_find(&event, "_id"));
        each(context, &change);
    }
    changes_take_token(changes, changes_find(reply, "cursor.postBatchResumeToken"));
    return count;
}

static void changes_take_cursor(struct changes *changes, const bson_t *reply)
{
    bson_iter_t iter, found;

    changes->cursor = 0;
    if (bson_iter_init(&iter, reply) && bson_iter_find_descendant(&iter, "cursor.id", &found))
        changes->cursor = bson_iter_as_int64(&found);
}

/* --- Life --- */

static enum err changes_start(struct changes *changes, const struct changes_config *config,
                              const char **why)
{
    bson_error_t error;
    enum err err = ERR_OK;

    /* A server of before 6.0 does not know that there may be images. */
    for (int images = 1; images >= 0; images--) {
        bson_t command = BSON_INITIALIZER;
        bool good;
        changes_command(&command, config, images != 0);
        good = changes_send(changes, &command, &changes->first, &error);
        err = good ? ERR_OK : changes_error(&error, config->token.len > 0, why);
        bson_destroy(&command);
        if (good || error.domain != MONGOC_ERROR_SERVER || err == ERR_DENIED || images == 0)
            break;
        bson_destroy(&changes->first);
    }
    return err;
}

enum err changes_open(struct mongo_db *db, const struct changes_config *config,
                      struct changes **out, const char **why)
{
    struct changes *changes = mem_zalloc(sizeof *changes);
    bson_error_t error;
    enum err err;

    changes->db = db;
    buf_init(&changes->token, TOKEN_MAX);
    changes->session = mongoc_client_start_session(db->client, NULL, &error);
    if (changes->session == NULL) {
        err = changes_error(&error, false, why);
        goto out;
    }
    changes->unread = true; /* a reply, also one with an error, is to be destroyed */
    err = changes_start(changes, config, why);
    if (err != ERR_OK)
        goto out;
    changes_take_token(changes, config->token);
    changes_take_cursor(changes, &changes->first);
    *out = changes;
    changes = NULL;
out:
    changes_close(changes);
    return err;
}

void changes_close(struct changes *changes)
{
    if (changes == NULL)
        return;
    if (changes->unread)
        bson_destroy(&changes->first);
    if (changes->session != NULL)
        mongoc_client_session_destroy(changes->session);
    buf_free(&changes->token);
    free(changes);
}

static enum err changes_more(struct changes *changes, uint32_t wait_ms, bson_t *reply,
                             const char **why)
{
    bson_t command = BSON_INITIALIZER;
    bson_error_t error;
    enum err err = ERR_OK;

    bson_append_int64(&command, "getMore", -1, changes->cursor);
    bson_append_utf8(&command, "collection", -1, "$cmd.aggregate", -1);
    bson_append_int32(&command, "batchSize", -1, CHANGES_BATCH);
    bson_append_int64(&command, "maxTimeMS", -1, wait_ms);
    if (!changes_send(changes, &command, reply, &error))
        err = changes_error(&error, true, why);
    bson_destroy(&command);
    return err;
}

enum err changes_wait(struct changes *changes, uint32_t wait_ms,
                      void (*each)(void *context, const struct change *change), void *context,
                      size_t *count, const char **why)
{
    bson_t reply;
    enum err err;

    *count = 0;
    if (changes->unread) {
        *count = changes_each(changes, &changes->first, "cursor.firstBatch", each, context);
        bson_destroy(&changes->first);
        changes->unread = false;
        return ERR_OK;
    }
    if (changes->cursor == 0)
        return ERR_STALE;
    err = changes_more(changes, wait_ms, &reply, why);
    if (err == ERR_OK) {
        *count = changes_each(changes, &reply, "cursor.nextBatch", each, context);
        changes_take_cursor(changes, &reply);
    }
    bson_destroy(&reply);
    return err;
}

struct str changes_token(const struct changes *changes)
{
    return buf_view(&changes->token);
}

enum err changes_images(struct mongo_db *db, struct str collection, bool *kept)
{
    mongoc_database_t *database = mongoc_client_get_database(db->client, db->name);
    bson_t opts = BSON_INITIALIZER, filter;
    mongoc_cursor_t *cursor;
    const bson_t *found;
    bson_iter_t iter, enabled;
    bson_error_t error;
    enum err err = ERR_OK;

    *kept = false;
    bson_append_document_begin(&opts, "filter", -1, &filter);
    bson_append_utf8(&filter, "name", -1, collection.ptr, (int)collection.len);
    bson_append_document_end(&opts, &filter);
    cursor = mongoc_database_find_collections_with_opts(database, &opts);
    while (mongoc_cursor_next(cursor, &found))
        *kept = bson_iter_init(&iter, found) &&
                bson_iter_find_descendant(&iter, "options.changeStreamPreAndPostImages.enabled",
                                          &enabled) &&
                bson_iter_as_bool(&enabled);
    if (mongoc_cursor_error(cursor, &error))
        err = mongo_error_kind(&error, false);
    mongoc_cursor_destroy(cursor);
    bson_destroy(&opts);
    mongoc_database_destroy(database);
    return err;
}
