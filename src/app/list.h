/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_LIST_H
#define LARDER_APP_LIST_H

#include "app/state.h"

/* A page of a list through the cache. */
struct list_read {
    struct cache_lookup lookup;
    struct app *app;
    const struct plan *plan;
    struct query query;
    struct str path;    /* the request's, for Link */
    struct arena arena; /* of a detached one */
};

/* Asks MongoDB for what the look-up, which is a list_read's, is about. */
void list_fill(struct cache_lookup *lookup, struct cache_fill *fill);
/* Name and tags of the page's entry, made in the arena. */
void list_read_name(struct list_read *read, struct arena *arena);
/* What all pages of one walk have in common: the cursors of another are refused. */
struct str list_asked(const struct plan *plan, const struct query *query, struct arena *arena);

/* How many pages there are, and the cursor of the next one or the empty string, as a body tells
 * them; a compressed one in gzip's comment. */
enum { PAGE_NOTE_MAX = 2200 };
void page_note_put(struct buf *out, uint64_t pages, struct str next);
struct str page_note(const struct entry *entry, bool gzip, uint64_t *pages);

#endif
