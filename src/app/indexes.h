/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_INDEXES_H
#define LARDER_APP_INDEXES_H

#include "app/index_making.h"

/* The indexes of resources and of Larder's own collections. An index slows other writers of a
 * collection down, so on a collection that Larder did not create they are only proposed, and
 * created by `larderctl reindex`. */

/* Larder's own collections. */
enum { BOOKKEEPING_COUNT = 4 };
extern const struct bookkeeping *const bookkeeping[BOOKKEEPING_COUNT];

/* All of these in a job: */

/* Records that Larder creates this collection's indexes. */
enum err indexes_claim(struct mongo_db *db, struct str collection);

/* Which of a resource's indexes exist. */
struct index_state {
    size_t missing;
    bool words;                   /* the text index is there */
    bool there[QUERY_PARAMS_MAX]; /* in the order of resource->indexes */
};
enum err indexes_look(struct mongo_db *db, const struct resource *resource,
                      struct index_state *state);

/* Indexes that Larder created are recorded, so that it can name those no longer needed, and never
 * names others' indexes. */

/* Records the missing indexes, before they are created. */
enum err indexes_note_missing(struct mongo_db *db, const struct resource *resource);
/* Calls each() with the name of each index that exists, is recorded and is no longer needed. The
 * name is borrowed. */
enum err indexes_unneeded(struct mongo_db *db, const struct resource *resource,
                          void (*each)(void *context, struct str name), void *context);

/* On the loop: */

struct app;
struct indexes;

struct indexes *indexes_new(struct app *app);
/* Checks all collections in the background and creates missing indexes; repeats while some are
 * missing. */
void indexes_start(struct indexes *indexes);
/* Closes the timer, then calls done(context). */
void indexes_stop(struct indexes *indexes, void (*done)(void *context), void *context);
void indexes_free(struct indexes *indexes);

/* Whether an index of any resource is known to be missing. */
bool indexes_missing(const struct indexes *indexes);
/* Appends the missing indexes as a JSON array of {resource, keys}. */
void indexes_json(const struct indexes *indexes, struct buf *out);
/* The state of a resource's text index; THERE also before the first check. */
enum words_state { WORDS_THERE, WORDS_BEING_MADE, WORDS_MISSING };
enum words_state indexes_words(const struct indexes *indexes, const struct resource *resource);

#endif
