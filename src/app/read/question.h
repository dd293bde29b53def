/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_QUESTION_H
#define LARDER_APP_READ_QUESTION_H

#include "app/plan.h"
#include "base/arena.h"
#include "http/query.h"
#include "mongo/collection.h"

/* The query to MongoDB for one page of a list. `find` points into the question and the arena: both
 * must stay in place until it is answered. */
struct question {
    struct find find; /* sorted and limited, with one document more than the page */
    struct condition conditions[QUERY_PARAMS_MAX + 1];
    struct sort_key sort[2]; /* ties by _id, in the same direction */
    struct shape shape;
    struct keyset after;
};

/* query: parsed by the plan's table, with a checked cursor; borrowed, as is plan. owner: only this
 * owner's documents; VALUE_NONE: all. */
void question_init(struct question *question, const struct plan *plan, const struct query *query,
                   const struct value *owner, struct arena *arena);
/* The same parts for other queries: sets the conditions of the given filters and returns their
 * number. The query may be of any table. */
size_t question_conditions(const struct plan *plan, const struct query *query,
                           const struct value *owner,
                           struct condition conditions[static QUERY_PARAMS_MAX + 1]);
/* Sets the keys of a value of `sort` and returns their number, 1 or 2. */
size_t question_sort(struct str text, struct sort_key sort[static 2]);

#endif
