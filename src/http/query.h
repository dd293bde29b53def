/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_QUERY_H
#define LARDER_HTTP_QUERY_H

#include "http/query_value.h"

/* Query strings, read strictly by a table of parameters into typed values and one canonical text:
 * known parameters only, decoded once, defaults left out, in the table's order, each value in one
 * spelling.  Equivalent queries have the same text, and no others do. */

/* Values in the table's order. */
struct query {
    const struct query_param *params; /* borrowed, sorted by name */
    size_t count;
    struct query_value *values; /* the arena's */
};

/* Returns the value of the parameter of this kind, or NULL if the table has none. */
static inline const struct query_value *query_value_of(const struct query *query, enum param_op op)
{
    for (size_t i = 0; i < query->count; i++)
        if (query->params[i].op == op)
            return &query->values[i];
    return NULL;
}

/* Reads text, the query as sent.  ERR_INVALID: the errors are in problem.  Unknown parameters are
 * errors, and so are repeated ones unless they take several values; utm_*, fbclid, gclid and _ are
 * ignored.  The values borrow from text and from the arena. */
enum err query_parse(struct query *query, const struct query_param *params, size_t count,
                     struct str text, struct arena *arena, struct problem *problem);
/* The same for a path without parameters: only ignored ones are allowed. */
enum err query_none(struct str text, struct arena *arena, struct problem *problem);
/* Returns the canonical text of the given parameters whose bits (1 << index) are in mask,
 * percent-encoded, in the arena. */
struct str query_text(const struct query *query, uint64_t mask, struct arena *arena);
/* Sets parameter i as if the client had sent this text.  ERR_EXISTS if the client has sent one;
 * ERR_INVALID: see problem. */
enum err query_set(struct query *query, size_t i, struct str text, struct arena *arena,
                   struct problem *problem);
/* Returns the index of the parameter of this name, or count. */
size_t query_find(const struct query_param *params, size_t count, struct str name);

#endif
