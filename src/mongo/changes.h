/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_CHANGES_H
#define LARDER_MONGO_CHANGES_H

#include "mongo/mongo.h"

/* The change stream of the database (https://www.mongodb.com/docs/manual/changeStreams): the writes
 * of all programs, once a majority has them, in order. For one thread, inside mongo_run; blocks.
 *
 * Errors: ERR_UNSUPPORTED  the server has no change streams
 *         ERR_STALE        the server no longer knows the token
 *         ERR_DENIED       this user may not watch the database
 *         ERR_UNAVAILABLE  no server, or any error that a retry may cure */

struct changes;

enum { CHANGES_BATCH = 1000 };

struct changes_config {
    const struct str *collections;
    size_t collection_count;
    const struct str *fields; /* paths to fetch of documents, before and after */
    size_t field_count;
    const struct str *updated; /* fields whose new values to fetch of updates */
    size_t updated_count;
    struct str token; /* resume after this token; empty: start now */
};

enum change_kind {
    CHANGE_INSERT,
    CHANGE_UPDATE,
    CHANGE_REPLACE,
    CHANGE_DELETE,
    CHANGE_DROP,
    CHANGE_RENAME,
    CHANGE_INVALIDATE, /* the whole database was dropped, or the stream is at its end */
    CHANGE_OTHER,
};

/* Documents are BSON, or empty if unknown. */
struct change {
    enum change_kind kind;
    struct str collection, target; /* target: the new name, of a rename */
    struct str key;                /* {_id: …} */
    struct str before, after;      /* the asked fields: after of an update only with its image */
    struct str updated;            /* fields that an update has set */
    int64_t wall_ms;               /* time of the write by the server's clock; 0: unknown */
};

/* *why (may be NULL): the server's message, valid until this thread's next error. */
enum err changes_open(struct mongo_db *db, const struct changes_config *config,
                      struct changes **out, const char **why);
/* Waits up to wait_ms for changes and calls each() for those that arrived, CHANGES_BATCH at most,
 * borrowed for the call. *count: their number, perhaps 0. */
enum err changes_wait(struct changes *changes, uint32_t wait_ms,
                      void (*each)(void *context, const struct change *change), void *context,
                      size_t *count, const char **why);
/* The token to resume after all delivered changes. Borrowed until the next changes_wait. */
struct str changes_token(const struct changes *changes);
/* NULL is allowed. */
void changes_close(struct changes *changes);

/* The command that enables pre-images, a printf format for the collection (precision and text). */
#define CHANGES_IMAGES_COMMAND                                                                     \
    "db.runCommand({collMod: \"%.*s\", changeStreamPreAndPostImages: {enabled: true}})"
/* Whether the server stores pre-images of changes to this collection. */
enum err changes_images(struct mongo_db *db, struct str collection, bool *kept);

#endif
