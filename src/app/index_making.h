/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_INDEX_MAKING_H
#define LARDER_APP_INDEX_MAKING_H

#include "mongo/collection.h"
#include "schema/schema.h"

/* An index as a file or our own bookkeeping has it, and as the server has it. */

/* Makes those that are missing; in a job.  *refused (may be NULL) counts those that the server does
 * not take. Errors as collection_create_indexes. */
enum err indexes_ensure(struct mongo_db *db, struct str collection, const struct index *indexes,
                        size_t count, unsigned *refused);
/* Whether the index that was found does what this one is for. */
bool index_serves(const struct index_spec *found, const struct index *index);

#endif
