/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_QUESTION_H
#define LARDER_APP_READ_QUESTION_H

#include "app/plan.h"
#include "base/arena.h"
#include "http/query.h"
#include "mongo/collection.h"

/* What MongoDB is asked for one page of a list.  The parts of `find` lie in the question itself and
 * in the arena: both stay where they are until it is answered. */
struct question {
    struct find find; /* sorted, limited, looking one document ahead; no result yet */
    struct condition conditions[QUERY_PARAMS_MAX + 1];
    struct sort_key sort[2]; /* equal ones by their ids, in the same direction */
    struct shape shape;
    struct keyset after;
};

/* query has been parsed by the plan's table, and its cursor looked at; both are borrowed.  owner is
 * whose documents are asked for; VALUE_NONE: all. */
void question_init(struct question *question, const struct plan *plan, const struct query *query,
                   const struct value *owner, struct arena *arena);
/* The parts of it, for other questions.  Conditions of the filters that are given, and their
 * number; the query may be by any table. */
size_t question_conditions(const struct plan *plan, const struct query *query,
                           const struct value *owner,
                           struct condition conditions[static QUERY_PARAMS_MAX + 1]);
/* What a value of `sort` means: 1 or 2 keys. */
size_t question_sort(struct str text, struct sort_key sort[static 2]);

#endif
