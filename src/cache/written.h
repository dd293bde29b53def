/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_WRITTEN_H
#define LARDER_CACHE_WRITTEN_H

#include "cache/cache_state.h"

/* Inside of cache/: stores the changed item in the release of its write. The new item is computed
 * from the one read before, so no other write may come between. The tag's version proves that: the
 * version known before the read must still be there when the fence is set, with no other write
 * under way, and the fence's own version must still be there at the release. An item that the write
 * makes is computed from nothing: only the second proof is needed, and the version of its other tag
 * is taken with the fence, before the item is there. */

/* Takes the reply to script_fence, empty if other writes are under way: the version that the tag
 * had, and that of made_tag. Returns false, and the item will not be stored, if the first changed
 * since the read, or the second is missing. */
bool written_fenced(struct cache_written *written, struct str before, struct str made_version);
/* Makes the sealed entry, in the cache's scratch, and its life in milliseconds, for a tag of this
 * version. False if it is not to be stored. began_ms: monotonic, when the write began. */
bool written_after(struct cache *cache, struct cache_written *written, uint64_t version,
                   int64_t began_ms, struct str *sealed, int64_t *life_ms);

#endif
