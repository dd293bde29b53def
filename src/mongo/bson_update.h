/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_BSON_UPDATE_H
#define LARDER_MONGO_BSON_UPDATE_H

#include "mongo/collection.h"
#include "mongo/driver.h"

/* Inside of mongo/.  Applies the assignments to the document in data as MongoDB does, and appends
 * the result to the empty document to; new fields come last. Returns false if only the server knows
 * the result (its clock, the order of several new fields) or on an error (malformed data, a sum of
 * a non-number or out of range, a parent that is no document); to is then undefined. The caller
 * destroys to. */
bool bson_update(bson_t *to, struct str data, const struct assignment *assignments, size_t count);

#endif
