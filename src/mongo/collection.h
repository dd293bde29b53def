/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_COLLECTION_H
#define LARDER_MONGO_COLLECTION_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "mongo/bson_json.h"
#include "mongo/mongo.h"
#include "mongo/refusal.h"
#include "mongo/statement.h"

/* Queries and writes to MongoDB, each one round trip unless it says otherwise; to be called inside
 * a mongo_job's work.  Only typed values are sent, under field names that the program knows: client
 * input is never used as an operator or a field name.  Writes wait for the majority.
 *
 * Errors: ERR_UNAVAILABLE  no server (nothing was done)
 *         ERR_UNKNOWN      a write was sent and its outcome is not known
 *         ERR_TIMEOUT      a read took longer than max_time_ms
 *         ERR_EXISTS       a unique index has that value already
 *         ERR_NOT_FOUND    no document matches the conditions
 *         ERR_CONFLICT     one matches, but other writers kept changing it
 *         ERR_TOO_LARGE    the answer would pass out's cap
 *         ERR_DENIED       the server refuses this user
 *         ERR_INTERNAL     any other error (logged with the server's message) */

/* Where one document's JSON lies in out. */
struct find_item {
    size_t offset, len;
    struct value id, owner; /* in the arena; owner is VALUE_NONE unless asked for */
};
struct find_result {
    struct find_item *items; /* the caller's, for at least limit; or NULL */
    struct arena *arena;     /* for items and last; NULL: neither is taken */
    size_t count;
    bool more;          /* with look_ahead */
    struct keyset last; /* of the last document when there is a sort */
};

/* Appends the documents as JSON, with commas between.  A walk with a keyset goes through the types
 * one by one, so its last page may take another round trip for each further type. On failure out is
 * unchanged; after ERR_TOO_LARGE it keeps that error. NOT_FOUND: the document to continue after is
 * gone and its sort value is unknown. */
enum err collection_find(struct mongo_db *db, const struct find *find, struct buf *out,
                         struct find_result *result);
/* Calls each() per document with the captured values of the shape, borrowed for the call.  It
 * returns false to end early. */
enum err collection_each(struct mongo_db *db, const struct find *find,
                         bool (*each)(void *context, const struct value *captured), void *context);

/* Calls each() per document with its bytes (BSON) and its JSON by the find's shape, borrowed for
 * the call. An error of each() ends the call and is returned. */
enum err collection_documents(struct mongo_db *db, const struct find *find,
                              enum err (*each)(void *context, struct str document, struct str json),
                              void *context);

/* Calls each() with whole documents (VALUE_OBJECT, borrowed for the call): with all if there are
 * fewer than count, else with count of the newest, count of the oldest and, if the server supports
 * it, count at random; some may come twice.  each() returns false to end early. */
enum err collection_sample(struct mongo_db *db, struct str collection, uint32_t count,
                           bool (*each)(void *context, const struct value *document),
                           void *context);

enum err collection_find_one(struct mongo_db *db, struct str collection,
                             const struct condition *conditions, size_t count, uint32_t max_time_ms,
                             const struct found_document *record);

enum err collection_count(struct mongo_db *db, struct str collection,
                          const struct condition *conditions, size_t count, uint32_t max_time_ms,
                          int64_t *total);

/* Counts documents by their values at a path. */
struct group {
    struct str collection;
    const struct condition *conditions;
    size_t condition_count;
    struct str field; /* a path */
    /* Called for each value that such documents have there, as JSON (by the table of bson_json.h;
     * numbers that are equal have one text, decimals too): what is in an array, through all arrays
     * that the path leads through, perhaps more than once; null also where there is nothing.
     * Documents that have the same there are one group, whose number is `group`, from 1 on; all
     * calls for it come one after the other.  Another result than ERR_OK ends it. */
    enum err (*each)(void *context, uint64_t group, struct str json, int64_t count);
    void *context;
};
/* *total: the number of documents that match the conditions. */
enum err collection_group(struct mongo_db *db, const struct group *group, int64_t *total);

enum err collection_insert(struct mongo_db *db, struct str collection,
                           const struct document *document);
/* Appends the document's JSON: the same bytes as when it is found. */
enum err document_json(const struct document *document, const struct shape *shape, struct buf *out);

/* Appends the document's BSON. */
enum err document_bytes(const struct document *document, struct buf *out);

/* The value at a path of a document's bytes (BSON), borrowed from them: VALUE_NONE where there is
 * none or the path leads through an array; arrays, documents, decimals and what has no other type
 * are VALUE_RAW, and so are scalars where raw is set (but VALUE_NULL and VALUE_NONE).  ERR_PROTOCOL
 * for malformed bytes. */
enum err document_value(struct str document, struct str path, bool raw, struct value *value);
/* Calls each() with every value that a condition of equality at this path compares with, as
 * MongoDB looks for them: the value itself, the items of an array, and along the path the documents
 * in arrays.  Where there is none it is called with VALUE_NULL.  As document_value, but decimals
 * are VALUE_DECIMAL; borrowed for the call. */
enum err document_each_value(struct str document, struct str path,
                             void (*each)(void *context, const struct value *value), void *context);

/* What has become of several documents. */
struct outcomes {
    enum err *errs; /* an entry for each */
    /* Called with the place of each one that is ERR_REFUSED; may be NULL. */
    void (*refused)(void *context, size_t place, const struct refusal *refusal);
    void *context;
};
/* Unordered: each document succeeds or fails on its own. Returns ERR_OK if all outcomes are known;
 * else unknown entries are ERR_UNKNOWN. */
enum err collection_insert_many(struct mongo_db *db, struct str collection,
                                const struct document *documents, size_t count,
                                const struct outcomes *outcomes);

struct update {
    struct str collection;
    const struct condition *conditions;
    size_t condition_count;
    const struct assignment *assignments;
    size_t assignment_count;
    bool upsert;          /* of collection_update only */
    uint32_t max_time_ms; /* 0: 3000 */
    struct str before;    /* of collection_modify only: see there; may be empty */
};
/* Applies the assignments to a document (BSON). ERR_UNSUPPORTED if only the server knows the
 * result: its clock, the order of several new fields, or an error (a sum of a non-number, a parent
 * that is no document). */
enum err collection_preview(struct str before, const struct assignment *assignments, size_t count,
                            struct buf *after);
/* Changes one document, whose _id is in the first condition.  record (may be NULL) gets the
 * document after the change. If the conditions match only the document whose bytes are before, it
 * is computed from these; else it is read by a second round trip, with other writers' changes
 * since. An update and a read cost servers no more than findAndModify, and some far less. */
enum err collection_modify(struct mongo_db *db, const struct update *update,
                           const struct found_document *record);
enum err collection_remove(struct mongo_db *db, struct str collection,
                           const struct condition *conditions, size_t count);
/* Updates one document or none. *changed (may be NULL): the number that matched or was inserted. */
enum err collection_update(struct mongo_db *db, const struct update *update, int64_t *changed);
/* One, or many. */
enum err collection_delete(struct mongo_db *db, struct str collection,
                           const struct condition *conditions, size_t count, bool many,
                           int64_t *deleted);

enum { INDEX_TEXT = 2 };
struct index_key {
    struct str field;
    int direction; /* 1, -1, or INDEX_TEXT */
};
struct index_spec {
    struct str name;
    const struct index_key *keys;
    size_t key_count;
    bool unique, sparse;
    int64_t expire_after_s; /* 0: never */
};
/* Creates the missing indexes. An index that the server refuses is logged as a warning and counted
 * in *refused (may be NULL), with ERR_OK; ERR_DENIED if the user lacks the right. ERR_UNKNOWN:
 * creating one took longer than the connection's timeout, and the server goes on with it. Text
 * indexes ignore the documents' language: default_language is "none" and language_override
 * "larder_language". */
enum err collection_create_indexes(struct mongo_db *db, struct str collection,
                                   const struct index_spec *indexes, size_t count,
                                   unsigned *refused);
/* The progress of an index that the server is creating on the collection. ERR_NOT_FOUND if there is
 * none, or the user may not see it. */
enum err collection_index_progress(struct mongo_db *db, struct str collection, int64_t *done,
                                   int64_t *total);
/* ERR_OK even if there is no index of that name. */
enum err collection_drop_index(struct mongo_db *db, struct str collection, struct str name);
/* Calls each() per existing index (also _id's), borrowed for the call; of a text index keys has the
 * words' fields as INDEX_TEXT, in the place where they count.  None: ERR_OK. */
enum err collection_indexes(struct mongo_db *db, struct str collection,
                            void (*each)(void *context, const struct index_spec *index),
                            void *context);
/* Whether the collection has a default collation, by which different strings may be equal. */
enum err collection_collated(struct mongo_db *db, struct str collection, bool *collated);
enum err collection_exists(struct mongo_db *db, struct str collection, bool *exists);
/* True also if there is no such collection. */
enum err collection_is_empty(struct mongo_db *db, struct str collection, bool *empty);

/* The server's clock, in milliseconds since 1970. */
enum err collection_server_time(struct mongo_db *db, int64_t *wall_ms);
/* Drops a whole collection; for tests and tools. */
enum err collection_drop(struct mongo_db *db, struct str collection);

#endif
