/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_LIST_H
#define LARDER_APP_READ_LIST_H

#include "app/read/scope.h"

/* A page of a list, through the cache. */
struct list_read {
    struct cache_lookup lookup;
    struct app *app;
    const struct plan *plan;
    struct query query;
    struct str path; /* the request's, for Link */
    struct scope scope;
    struct arena arena; /* owned by a detached look-up */
};

static inline const struct query_value *list_value(const struct list_read *read, enum param_op op)
{
    return &read->query.values[read->plan->at[op]];
}
static inline uint64_t list_number(const struct list_read *read, enum param_op op)
{
    return (uint64_t)list_value(read, op)->value.integer;
}

/* list_query.c: parses the query, with the parameters that a named list (NULL: none) sets.
 * ERR_INVALID: not parsable. Other errors are only added to problem. */
enum err list_parse(struct list_read *read, struct str text, const struct named_list *list,
                    struct arena *arena, struct problem *problem);
/* Checks the parameters against each other, except for `after`. */
void list_check(const struct list_read *read, struct problem *problem);
/* Whether the query asks for items by ids instead of a page. */
bool list_has_ids(const struct list_read *read);
/* The name of the page's public entry, in the arena. */
struct str list_name(const struct list_read *read, struct arena *arena);
/* list_links.c: adds the total and the links (RFC 8288) to an answer. lookup: a list_read's. */
void list_links(struct response *response, const struct cache_lookup *lookup);

/* cache_lookup.fill of a list_read: asks MongoDB. */
void list_fill(struct cache_lookup *lookup, struct cache_fill *fill);
/* Sets name and tags of the page's entry, allocated in the arena. */
void list_read_name(struct list_read *read, struct arena *arena);
/* A text that all pages of one walk share, for cursors. */
struct str list_asked(const struct plan *plan, const struct query *query, struct arena *arena);
/* Decodes the query's `after`, which must be given. Errors as for cursor_decode. */
enum err list_after(const struct plan *plan, const struct query *query, struct arena *arena,
                    struct keyset *keyset);

#endif
