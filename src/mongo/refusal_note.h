/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_REFUSAL_NOTE_H
#define LARDER_MONGO_REFUSAL_NOTE_H

#include "mongo/driver.h"

/* Inside of mongo/: records the first refused write of a reply for refusal_take. If the server
 * names only the unique index, its fields are asked for. */
void refusal_note(mongoc_collection_t *collection, const bson_t *reply);
/* The same of one item of writeErrors. */
void refusal_note_error(mongoc_collection_t *collection, const bson_iter_t *error);

#endif
