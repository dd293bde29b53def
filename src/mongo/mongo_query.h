/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_MONGO_QUERY_H
#define LARDER_MONGO_MONGO_QUERY_H

#include "mongo/driver.h"
#include "mongo/statement.h"

/* Inside of mongo/: BSON out of our own types.  Every function appends to a document that the
 * caller has initialised and destroys. */

/* Conditions, and a part of a walk (may be NULL). */
struct keyset_range;
void mongo_query_filter(bson_t *to, const struct condition *conditions, size_t count,
                        const struct keyset_range *range);
void mongo_query_update(bson_t *to, const struct assignment *assignments, size_t count);
/* The document, with an _id in front if it has none. */
void mongo_query_document(bson_t *to, const struct document *document);
/* Whether the fields of the shape can be asked for by name. */
bool mongo_query_projects(const struct shape *shape);
void mongo_query_sort(bson_t *to, const struct sort_key *sort, size_t count);

/* Of a question's options: its comment, and maxTimeMS: max_time_ms (0: any), but no more than the
 * job has left. */
void mongo_query_time(bson_t *opts, const struct mongo_db *db, uint32_t max_time_ms);

static inline void mongo_query_text(bson_t *to, const char *field, struct str text)
{
    bson_append_utf8(to, field, -1, text.len > 0 ? text.ptr : "", (int)text.len);
}

/* The collection; the caller destroys it. */
mongoc_collection_t *mongo_query_collection(const struct mongo_db *db, struct str name);

#endif
