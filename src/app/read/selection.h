/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_SELECTION_H
#define LARDER_APP_READ_SELECTION_H

#include "app/plan.h"
#include "app/read/rows.h"

/* What an export asks MongoDB for, and how its rows look.  The parts of `find` lie in the selection
 * itself and in the arena: both stay where they are until it is answered. */
struct selection {
    struct find find; /* without an end */
    struct condition conditions[QUERY_PARAMS_MAX + 1];
    struct sort_key sort[2];
    struct shape shape;
    struct rows rows;
};

/* Reads text, a query string, by the resource's table of an export, as query_parse does.
 * ERR_INVALID: see problem. */
enum err selection_parse(struct query *query, const struct resource *resource, struct str text,
                         struct arena *arena, struct problem *problem);
/* query: as selection_parse gives it, borrowed.  owner is whose documents are asked for;
 * VALUE_NONE: all. */
void selection_init(struct selection *selection, const struct plan *plan, const struct query *query,
                    const struct value *owner, struct arena *arena);
/* How many documents it finds now. */
enum err selection_count(struct mongo_db *db, const struct selection *selection, int64_t *total);

#endif
