/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_WRITTEN_H
#define LARDER_CACHE_WRITTEN_H

#include "cache/cache_state.h"

/* Inside of cache/: stores the changed item in the release of its write. The new item is computed
 * from the one read before, so no other write may come between. The tag's version proves that: the
 * version known before the read must still be there when the fence is set, with no other write
 * under way, and the fence's own version must still be there at the release. */

/* Takes the reply to script_fence: the version that the tag had, or empty if other writes are under
 * way. Returns false, and the item will not be stored, if the version changed since the read. */
bool written_fenced(struct cache_written *written, struct str before);
/* Makes the sealed entry, in the cache's scratch, and its life in milliseconds, for a tag of this
 * version. False if it is not to be stored. began_ms: monotonic, when the write began. */
bool written_after(struct cache *cache, struct cache_written *written, uint64_t version,
                   int64_t began_ms, struct str *sealed, int64_t *life_ms);

#endif
