/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_KEEP_H
#define LARDER_CACHE_KEEP_H

#include "cache/lookup.h"

/* What becomes of an answer of the database: its life, and where it is stored. */

/* Keeps it where that is allowed, in memory and in Redis, and says what became of it; began_ms
 * (monotonic) is when the database was asked.  Sets the entry's times and versions. */
enum cache_detail keep_answer(struct lookup_state *owner, int64_t began_ms, struct entry *entry);
/* The entry's times, as of now_ms; began_ms as above. */
void keep_times(struct entry *entry, const struct cache_class *class, int64_t began_ms,
                int64_t now_ms);
/* The entry as Redis keeps it, in the cache's scratch; false when it is too large. */
bool keep_sealed(struct cache *cache, struct str name, const struct entry *entry,
                 struct str *sealed);
/* Lets Redis keep an entry until error_until: MongoDB is away, and it is all there is. */
void keep_longer(const struct lookup_state *state, const struct entry *entry);

#endif
