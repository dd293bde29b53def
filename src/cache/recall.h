/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_RECALL_H
#define LARDER_CACHE_RECALL_H

#include "cache/cache.h"
#include "memory/memory.h"

/* Answers the look-up from the host's memory at once: sets err, entry and detail, and copies the
 * bytes to its room. Returns false on a miss. Needs neither Redis nor a loop. now is a moment since
 * the request arrived: no write that was acknowledged before it is missed. */
bool recall(struct memory *memory, struct cache_lookup *lookup, struct memory_now now);

#endif
