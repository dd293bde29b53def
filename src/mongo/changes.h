/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_CHANGES_H
#define LARDER_MONGO_CHANGES_H

#include "mongo/mongo.h"

/* The change stream of the database (https://www.mongodb.com/docs/manual/changeStreams): what all
 * programs write, as a majority has it, in its order.  For one thread, inside mongo_run; it waits.
 *
 * Errors: ERR_UNSUPPORTED  the server has no change streams
 *         ERR_STALE        it does not know the token any more
 *         ERR_DENIED       this user may not watch the database
 *         ERR_UNAVAILABLE  no server, and whatever else another try may mend */

struct changes;

enum { CHANGES_BATCH = 1000 };

struct changes_config {
    const struct str *collections;
    size_t collection_count;
    const struct str *fields; /* paths that are asked for of documents, before and after */
    size_t field_count;
    const struct str *updated; /* fields whose new values an update's change has */
    size_t updated_count;
    struct str token; /* where it goes on behind; empty: from now on */
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

/* Documents are their BSON, empty where it is not known. */
struct change {
    enum change_kind kind;
    struct str collection, target; /* target: the new name, of a rename */
    struct str key;                /* {_id: …} */
    struct str before, after;      /* the asked fields: after of an update only with its image */
    struct str updated;            /* fields that an update has set */
    int64_t wall_ms;               /* when it was written, by the server's clock; 0: not known */
};

/* why (may be NULL) gets the server's words, static until this thread's next error. */
enum err changes_open(struct mongo_db *db, const struct changes_config *config,
                      struct changes **out, const char **why);
/* Waits up to wait_ms for changes and calls each() with all that there are, borrowed for the call,
 * CHANGES_BATCH at most; *count (may be 0) is how many those were. */
enum err changes_wait(struct changes *changes, uint32_t wait_ms,
                      void (*each)(void *context, const struct change *change), void *context,
                      size_t *count, const char **why);
/* Where the next one goes on: behind all that was given.  Borrowed until changes_wait. */
struct str changes_token(const struct changes *changes);
/* NULL is allowed. */
void changes_close(struct changes *changes);

/* What switches that on, for printf: its collection, as a precision and a text. */
#define CHANGES_IMAGES_COMMAND                                                                     \
    "db.runCommand({collMod: \"%.*s\", changeStreamPreAndPostImages: {enabled: true}})"
/* Whether the server keeps documents as they were before a change of this collection. */
enum err changes_images(struct mongo_db *db, struct str collection, bool *kept);

#endif
