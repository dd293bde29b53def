/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_WRITTEN_H
#define LARDER_CACHE_WRITTEN_H

#include "cache/cache_state.h"

/* Inside of cache/: the changed item that a write's release keeps.  What the write makes of the
 * item is known from how it was read, so nobody else may have changed it since, by Larder or past
 * it.  The tag's version shows that: known before the reading, it must be there still when the
 * fence comes, with no other write under way, and the fence's own when the release comes. */

/* The reply to script_fence: the version that the tag had, empty beside other writes.  False, and
 * the item is not kept: it is not the one that was known. */
bool written_fenced(struct cache_written *written, struct str before);
/* The sealed entry, in the cache's scratch, and its life in milliseconds, for when its tag has this
 * version; false when it is not kept.  began_ms: monotonic, when the write began. */
bool written_after(struct cache *cache, struct cache_written *written, uint64_t version,
                   int64_t began_ms, struct str *sealed, int64_t *life_ms);

#endif
