/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_QUERY_H
#define LARDER_HTTP_QUERY_H

#include "http/query_value.h"

/* Query strings, read strictly by a table of parameters into typed values and one canonical text:
 * known parameters only, decoded once, defaults left out, in the table's order, each value in one
 * spelling.  Two queries that ask the same have the same text, and two that do not, never. */

/* Values in the table's order. */
struct query {
    const struct query_param *params; /* borrowed, sorted by name */
    size_t count;
    struct query_value *values; /* the arena's */
};

/* The value of the parameter that does this, or NULL: the table has none. */
static inline const struct query_value *query_value_of(const struct query *query, enum param_op op)
{
    for (size_t i = 0; i < query->count; i++)
        if (query->params[i].op == op)
            return &query->values[i];
    return NULL;
}

/* Reads text, the query as sent.  ERR_INVALID: what is wrong is in problem.  Unknown and repeated
 * parameters are errors (but for those that take several values); utm_*, fbclid, gclid and _ are
 * dropped unread.  The values borrow from text and from the arena. */
enum err query_parse(struct query *query, const struct query_param *params, size_t count,
                     struct str text, struct arena *arena, struct problem *problem);
/* The same of a query that has none but for what is dropped. */
enum err query_none(struct str text, struct arena *arena, struct problem *problem);
/* The canonical text of the given parameters whose bits (1 << index) are in mask, percent-encoded.
 * Belongs to the arena. */
struct str query_text(const struct query *query, uint64_t mask, struct arena *arena);
/* Gives parameter i a value that the client did not send, as text that the client could have sent.
 * ERR_EXISTS when the client sent one; ERR_INVALID: see problem. */
enum err query_set(struct query *query, size_t i, struct str text, struct arena *arena,
                   struct problem *problem);
/* Index of the parameter so named, or count. */
size_t query_find(const struct query_param *params, size_t count, struct str name);

#endif
