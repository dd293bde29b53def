/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_ROWS_H
#define LARDER_APP_READ_ROWS_H

#include "app/plan.h"

/* Documents as lines of JSON, or as a table (RFC 4180) with a column for each declared field. */
struct rows {
    bool table, safe; /* safe: no cell is a formula to a spreadsheet */
    struct rows_column *columns;
    size_t count;
};

struct rows_column {
    struct str path;
    bool list; /* declared as a list of scalars */
};

/* By the query's format, safe and fields; the columns are the arena's. */
void rows_init(struct rows *rows, const struct plan *plan, const struct query *query,
               struct arena *arena);
/* The first line of a table; nothing of the others. */
void rows_head(const struct rows *rows, struct buf *out);
/* One document, its JSON as shown. */
void rows_add(const struct rows *rows, struct str json, struct buf *out);

#endif
