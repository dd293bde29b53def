/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_REFUSAL_NOTE_H
#define LARDER_MONGO_REFUSAL_NOTE_H

#include "mongo/driver.h"

/* Inside of mongo/: notes for refusal_take what a reply says of its first refused write.  The names
 * of a unique index's fields are asked for where the server gives only the index's. */
void refusal_note(mongoc_collection_t *collection, const bson_t *reply);

#endif
