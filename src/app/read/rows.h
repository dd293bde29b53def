/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_ROWS_H
#define LARDER_APP_READ_ROWS_H

#include "app/plan.h"

/* Documents as lines of JSON, or as CSV (RFC 4180) with a column for each declared field. */
struct rows {
    bool table, safe; /* safe: spreadsheets take no cell for a formula */
    struct rows_column *columns;
    size_t count;
};

struct rows_column {
    struct str path;
    bool list; /* declared as a list of scalars */
};

/* Uses the query's format, safe and fields. Allocates in the arena. */
void rows_init(struct rows *rows, const struct plan *plan, const struct query *query,
               struct arena *arena);
/* Appends the header line of a CSV; nothing for lines of JSON. */
void rows_head(const struct rows *rows, struct buf *out);
/* Appends one document. json: as shown. */
void rows_add(const struct rows *rows, struct str json, struct buf *out);

#endif
