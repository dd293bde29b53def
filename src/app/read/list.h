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

static inline const struct query_value *list_value(const struct list_read *read, enum param_op op)
{
    return &read->query.values[read->plan->at[op]];
}
static inline uint64_t list_number(const struct list_read *read, enum param_op op)
{
    return (uint64_t)list_value(read, op)->value.integer;
}

/* list_query.c: reads the query as sent, with what a named list (NULL: none) sets.  ERR_INVALID: it
 * cannot be read.  What else is wrong is only in problem. */
enum err list_parse(struct list_read *read, struct str text, const struct named_list *list,
                    struct arena *arena, struct problem *problem);
/* What the parameters must keep to together, but for `after`. */
void list_check(const struct list_read *read, struct problem *problem);
/* Whether it asks for items by their ids, and is no page. */
bool list_has_ids(const struct list_read *read);
/* The page's entry, for everybody; made in the arena. */
struct str list_name(const struct list_read *read, struct arena *arena);
/* list_links.c: adds how many there are and the links (RFC 8288) to an answer, from the entry in
 * lookup, which is a list_read's. */
void list_links(struct response *response, const struct cache_lookup *lookup);

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
