/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_MONGO_QUERY_H
#define LARDER_MONGO_MONGO_QUERY_H

#include "mongo/driver.h"
#include "mongo/statement.h"

/* Inside of mongo/: converts statements to BSON. Every function appends to a document that the
 * caller initialises and destroys. */

/* Conditions, and a part of a walk (may be NULL). */
struct keyset_range;
void mongo_query_filter(bson_t *to, const struct condition *conditions, size_t count,
                        const struct keyset_range *range);
void mongo_query_update(bson_t *to, const struct assignment *assignments, size_t count);
/* The document, with an _id in front if it has none. */
void mongo_query_document(bson_t *to, const struct document *document);
/* Whether the shape can be sent as a projection. */
bool mongo_query_projects(const struct shape *shape);
void mongo_query_sort(bson_t *to, const struct sort_key *sort, size_t count);

/* Appends the options comment and maxTimeMS: max_time_ms (0: no limit), but at most the job's
 * remaining time. */
void mongo_query_time(bson_t *opts, const struct mongo_db *db, uint32_t max_time_ms);

static inline void mongo_query_text(bson_t *to, const char *field, struct str text)
{
    bson_append_utf8(to, field, -1, text.len > 0 ? text.ptr : "", (int)text.len);
}

/* The collection; the caller destroys it. */
mongoc_collection_t *mongo_query_collection(const struct mongo_db *db, struct str name);

#endif
