/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_MONGO_CURSOR_H
#define LARDER_MONGO_MONGO_CURSOR_H

#include "mongo/driver.h"
#include "mongo/statement.h"

struct keyset_range;

/* Inside of mongo/: one question to MongoDB: a cursor and its collection. */
struct mongo_cursor {
    mongoc_cursor_t *cursor;
    mongoc_collection_t *collection;
};

/* Starts a find; range (may be NULL) restricts it to a part of a walk. */
struct mongo_cursor mongo_cursor_begin(struct mongo_db *db, const struct find *find,
                                       const struct keyset_range *range);
/* ERR_OK: the cursor has come to its end. */
enum err mongo_cursor_error(const struct mongo_cursor *read);
void mongo_cursor_end(struct mongo_cursor *read);

/* Converts a document to the parts that the caller wants. On failure out is unchanged. */
enum err found_document_take(const struct found_document *record, const bson_t *document);

#endif
