/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_TOTAL_H
#define LARDER_CACHE_TOTAL_H

#include "cache/cache_state.h"

/* Inside of cache/: totals that outlive a write.  script_fence gives the entries that were valid
 * until then, under tags that no other write has fenced; script_release stores those whose tag is
 * still what that fence has made it, so that nobody has begun to write since.  What is in between
 * is this write alone, and it knows what it has added. */

struct carried {
    struct entry entry;        /* its times; the strings are not used */
    int64_t value;             /* -1: not carried */
    char fenced[VERSION_SIZE]; /* the version that the fence gives its tag */
};

/* total_count of them, none carried. */
struct carried *totals_new(const struct cache_write *write);
/* The reply to script_fence. */
void totals_take(struct carried *carried, struct seal *seal, const struct cache_write *write,
                 const struct redis_value *reply);
/* The sealed entry and its life left, in milliseconds, once the write has added the total's delta
 * and its tag has this version; false when it is not carried.  The bytes belong to the arena. */
bool total_after(const struct carried *carried, struct seal *seal, const struct cache_total *total,
                 uint64_t version, struct arena *arena, struct str *sealed, int64_t *life_ms);

#endif
