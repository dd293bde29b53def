/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_STORE_QUERY_H
#define LARDER_STORE_QUERY_H

#include "store/collection.h"
#include "store/driver.h"

/* Inside of store/: BSON out of our own types.  Every function appends to a document that the
 * caller has initialised and destroys. */

void query_value(bson_t *to, struct str field, const struct value *value);
/* Conditions, and a part of a walk (may be NULL). */
struct keyset_range;
void query_filter(bson_t *to, const struct condition *conditions, size_t count,
                  const struct keyset_range *range);
void query_update(bson_t *to, const struct assignment *assignments, size_t count);
/* The document, with an _id in front if it has none. */
void query_document(bson_t *to, const struct document *document);
/* Whether the fields of the shape can be asked for by name. */
bool query_projects(const struct shape *shape);
void query_sort(bson_t *to, const struct sort_key *sort, size_t count);

/* Of a question's options: its comment, and maxTimeMS: max_time_ms (0: any), but no more than the
 * job has left. */
void query_time(bson_t *opts, const struct mongo_db *db, uint32_t max_time_ms);

static inline void query_text(bson_t *to, const char *field, struct str text)
{
    bson_append_utf8(to, field, -1, text.len > 0 ? text.ptr : "", (int)text.len);
}

/* A document into what the caller has asked for.  On failure out is as it was. */
enum err collection_record(const struct record *record, const bson_t *document);
/* The collection; the caller destroys it. */
mongoc_collection_t *query_collection(const struct mongo_db *db, struct str name);

#endif
