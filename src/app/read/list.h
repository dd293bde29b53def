/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_LIST_H
#define LARDER_APP_READ_LIST_H

#include "app/read/scope.h"

/* A page of a list through the cache. */
struct list_read {
    struct cache_lookup lookup;
    struct app *app;
    const struct plan *plan;
    struct query query;
    struct str path; /* the request's, for Link */
    struct scope scope;
    struct arena arena; /* of a detached one */
};

/* Asks MongoDB for what the look-up, which is a list_read's, is about. */
void list_fill(struct cache_lookup *lookup, struct cache_fill *fill);
/* Name and tags of the page's entry, made in the arena. */
void list_read_name(struct list_read *read, struct arena *arena);
/* What all pages of one walk have in common: the cursors of another are refused. */
struct str list_asked(const struct plan *plan, const struct query *query, struct arena *arena);
/* The query's `after`, which is given: as cursor_decode. */
enum err list_after(const struct plan *plan, const struct query *query, struct arena *arena,
                    struct keyset *keyset);

#endif
