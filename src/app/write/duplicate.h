/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_DUPLICATE_H
#define LARDER_APP_WRITE_DUPLICATE_H

#include "http/problem.h"
#include "mongo/collection.h"
#include "schema/resource.h"

/* Which unique indexes kept a document out, after ERR_EXISTS: found by a query, since no two
 * servers report it alike.  An error for each field of theirs that another document than this one
 * has (document: its BSON; _id included, where made says that it was to be inserted).  On a thread.
 */
void duplicate_find(struct mongo_db *db, const struct resource *resource, struct str document,
                    bool made, struct problem *problem);

#endif
