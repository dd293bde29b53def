/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_INDEX_MAKING_H
#define LARDER_APP_INDEX_MAKING_H

#include "mongo/collection.h"
#include "schema/schema.h"

/* Creates indexes, and compares wanted indexes with those of the server. */

/* Creates the missing ones, in a job. *refused (may be NULL) counts those that the server refuses.
 * Errors as for collection_create_indexes. */
enum err indexes_ensure(struct mongo_db *db, struct str collection, const struct index *indexes,
                        size_t count, unsigned *refused);
/* Whether the found index serves the same queries as this one. */
bool index_serves(const struct index_spec *found, const struct index *index);

#endif
