/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_KEEP_H
#define LARDER_CACHE_KEEP_H

#include "cache/lookup.h"

/* Stores an answer of the database: how long, and where. */

/* Stores the answer in memory and in Redis where that is allowed, and returns the detail for
 * Cache-Status. Sets the entry's times and versions. began_ms: monotonic, when the database was
 * asked. */
enum cache_detail keep_answer(struct lookup_state *owner, int64_t began_ms, struct entry *entry);
/* Sets the entry's times, as of now_ms; began_ms as above. */
void keep_times(struct entry *entry, const struct cache_class *class, int64_t began_ms,
                int64_t now_ms);
/* Makes the bytes to store in Redis, in the cache's scratch. False if the entry is too large. */
bool keep_sealed(struct cache *cache, struct str name, const struct entry *entry,
                 struct str *sealed);
/* Prolongs an entry in Redis until error_until, because MongoDB is away. */
void keep_longer(const struct lookup_state *state, const struct entry *entry);

#endif
