/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_DUPLICATE_H
#define LARDER_APP_WRITE_DUPLICATE_H

#include "http/problem.h"
#include "mongo/collection.h"
#include "schema/resource.h"

/* After ERR_EXISTS, finds by queries which unique indexes refused a document, since servers report
 * that differently. Adds an error for each of their fields. document: BSON; made: it was an insert,
 * so _id is checked too. On a thread.
 */
void duplicate_find(struct mongo_db *db, const struct resource *resource, struct str document,
                    bool made, struct problem *problem);

#endif
