/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_STORE_READING_H
#define LARDER_STORE_READING_H

#include "store/keyset.h"

/* Inside of store/: one question to MongoDB: a cursor, and what it stands on. */
struct reading {
    mongoc_cursor_t *cursor;
    mongoc_collection_t *collection;
};

/* What the find says; range (may be NULL) is the part of a walk that is asked for. */
struct reading reading_begin(struct mongo_db *db, const struct find *find,
                             const struct keyset_range *range);
/* ERR_OK: the cursor has come to its end. */
enum err reading_error(const struct reading *reading);
void reading_end(struct reading *reading);

#endif
