/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_PROJECT_H
#define LARDER_APP_READ_PROJECT_H

#include "app/plan.h"

/* `fields`: only a part of a document. */

/* What the query wants to see of each document: all of it, or _id and the fields it names. */
struct shape project_shape(const struct plan *plan, const struct query *query, struct arena *arena);
/* Appends what the shape shows of a document's JSON, which is of our own writer: compact and
 * well-formed.  The same bytes as bson_json_write gives by that shape. */
void project_json(struct str json, const struct shape *shape, struct buf *out);

#endif
