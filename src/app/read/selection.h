/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_SELECTION_H
#define LARDER_APP_READ_SELECTION_H

#include "app/plan.h"
#include "app/read/rows.h"

/* The query of an export, and the format of its rows. `find` points into the selection and the
 * arena: both must stay in place until it is answered. */
struct selection {
    struct find find; /* without a limit */
    struct condition conditions[QUERY_PARAMS_MAX + 1];
    struct sort_key sort[2];
    struct shape shape;
    struct rows rows;
};

/* Parses a query string by the resource's table for exports, as query_parse does. ERR_INVALID: see
 * problem. */
enum err selection_parse(struct query *query, const struct resource *resource, struct str text,
                         struct arena *arena, struct problem *problem);
/* query: of selection_parse, borrowed. owner: only this owner's documents; VALUE_NONE: all. */
void selection_init(struct selection *selection, const struct plan *plan, const struct query *query,
                    const struct value *owner, struct arena *arena);
/* Counts the documents that it finds now. */
enum err selection_count(struct mongo_db *db, const struct selection *selection, int64_t *total);

#endif
