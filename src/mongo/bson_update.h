/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_BSON_UPDATE_H
#define LARDER_MONGO_BSON_UPDATE_H

#include "mongo/collection.h"
#include "mongo/driver.h"

/* Inside of mongo/.  Appends to the empty document to what MongoDB makes of the document in data by
 * these assignments; fields that it does not have yet come last.  False, with to in any state, for
 * what only the server knows: its clock, the place of several new fields, or an error (data that is
 * malformed, a sum of what is no number or too large, a parent that is no document).  The caller
 * destroys to. */
bool bson_update(bson_t *to, struct str data, const struct assignment *assignments, size_t count);

#endif
