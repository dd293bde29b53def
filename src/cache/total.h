/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_TOTAL_H
#define LARDER_CACHE_TOTAL_H

#include "cache/cache_state.h"

/* Inside of cache/: totals that survive a write. script_fence returns the entries that are valid
 * and that no other write has fenced; script_release stores each one, with the write's delta, if
 * its tag still has the version of this write's fence, so that no other write has begun since. */

struct carried {
    struct entry entry;        /* its times; strings are unset */
    int64_t value;             /* -1: not carried */
    char fenced[VERSION_SIZE]; /* the tag's version under the fence */
};

/* Returns total_count elements, none carried. For free(). */
struct carried *totals_new(const struct cache_write *write);
/* Takes the reply to script_fence. */
void totals_take(struct carried *carried, struct seal *seal, const struct cache_write *write,
                 const struct redis_value *reply);
/* Makes the sealed entry with the total's delta added, for a tag of this version, and its remaining
 * life in milliseconds. False if the total is not carried. The bytes belong to the arena. */
bool total_after(const struct carried *carried, struct seal *seal, const struct cache_total *total,
                 uint64_t version, struct arena *arena, struct str *sealed, int64_t *life_ms);

#endif
