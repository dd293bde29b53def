/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_INDEXES_H
#define LARDER_APP_INDEXES_H

#include "app/resource.h"
#include "store/collection.h"

/* The collections that the program keeps, all of which have indexes. */
enum { INDEXED_COUNT = 5 };
extern const struct resource *const indexed[INDEXED_COUNT];

/* In a job: makes the indexes of a resource's table that are missing.  *refused counts those that
 * the server does not take. */
enum err indexes_ensure(struct mongo_db *db, const struct resource *resource, unsigned *refused);

#endif
