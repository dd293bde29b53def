/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_INDEXES_H
#define LARDER_APP_INDEXES_H

#include "schema/schema.h"
#include "store/collection.h"

/* The indexes of what is served, and of our own bookkeeping. */

/* The collections of our own. */
enum { BOOKKEEPING_COUNT = 3 };
extern const struct bookkeeping *const bookkeeping[BOOKKEEPING_COUNT];

/* In a job: makes those that are missing.  *refused (may be NULL) counts those that the server does
 * not take. */
enum err indexes_ensure(struct mongo_db *db, struct str collection, const struct index *indexes,
                        size_t count, unsigned *refused);

#endif
