/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_PROJECT_H
#define LARDER_APP_READ_PROJECT_H

#include "app/plan.h"

/* `fields`: shows a part of a document. */

/* The shape that the query asks for: the whole document, or _id and the named fields. */
struct shape project_shape(const struct plan *plan, const struct query *query, struct arena *arena);
/* Appends the part of a document's JSON that the shape shows: the bytes that bson_json_write would
 * write with that shape. json must be of Larder's own writer. */
void project_json(struct str json, const struct shape *shape, struct buf *out);

#endif
