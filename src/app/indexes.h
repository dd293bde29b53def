/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_INDEXES_H
#define LARDER_APP_INDEXES_H

#include "app/index_making.h"

/* The indexes of what is served, and of our own bookkeeping.  On a collection of others an index
 * costs its writers something: there they are only proposed, and made by `larderctl reindex`. */

/* The collections of our own. */
enum { BOOKKEEPING_COUNT = 4 };
extern const struct bookkeeping *const bookkeeping[BOOKKEEPING_COUNT];

/* In a job, all of them: */

/* Remembers that the collection's indexes are ours to make. */
enum err indexes_claim(struct mongo_db *db, struct str collection);

/* Which of a resource's indexes are there. */
struct index_state {
    size_t missing;
    bool words;                   /* the text index is there */
    bool there[QUERY_PARAMS_MAX]; /* by the place in resource->indexes */
};
enum err indexes_look(struct mongo_db *db, const struct resource *resource,
                      struct index_state *state);

/* Indexes that were made here are recorded, so that those that are no longer needed can be named:
 * what others have made is never one of these. */

/* Notes those that are missing, before they are made. */
enum err indexes_note_missing(struct mongo_db *db, const struct resource *resource);
/* Calls each() with the name of each that is there, was made here and is needed no longer; borrowed
 * for the call. */
enum err indexes_unneeded(struct mongo_db *db, const struct resource *resource,
                          void (*each)(void *context, struct str name), void *context);

/* On the loop: */

struct app;
struct indexes;

struct indexes *indexes_new(struct app *app);
/* Looks at all collections in the background, and makes what is to be made; looks again while some
 * are missing. */
void indexes_start(struct indexes *indexes);
/* Closes its timer, then done(context). */
void indexes_stop(struct indexes *indexes, void (*done)(void *context), void *context);
void indexes_free(struct indexes *indexes);

/* Whether some index of any resource is known to be missing. */
bool indexes_missing(const struct indexes *indexes);
/* Those that are known to be missing, as a JSON array of {resource, keys}. */
void indexes_json(const struct indexes *indexes, struct buf *out);
/* What is known of the text index of a resource that has one; THERE also before it was looked. */
enum words_state { WORDS_THERE, WORDS_BEING_MADE, WORDS_MISSING };
enum words_state indexes_words(const struct indexes *indexes, const struct resource *resource);

#endif
