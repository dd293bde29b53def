/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_STORE_REFUSAL_NOTE_H
#define LARDER_STORE_REFUSAL_NOTE_H

#include "store/driver.h"

/* Inside of store/: notes for refusal_take what a reply says of its first refused write.  The names
 * of a unique index's fields are asked for where the server gives only the index's. */
void refusal_note(mongoc_collection_t *collection, const bson_t *reply);

#endif
