/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_RECALL_H
#define LARDER_CACHE_RECALL_H

#include "cache/cache.h"
#include "memory/memory.h"

/* Answers the look-up from the host's memory, in the same call: err, entry and detail are set, and
 * the bytes are in its room.  False: a miss.  Needs neither Redis nor a loop.  now: a moment since
 * the request came; nothing that was acknowledged before it is missed. */
bool recall(struct memory *memory, struct cache_lookup *lookup, struct memory_now now);

#endif
