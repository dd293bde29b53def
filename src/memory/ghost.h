/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_GHOST_H
#define LARDER_MEMORY_GHOST_H

#include "memory/segment.h"

/* Fingerprints of the keys recently evicted from the small ring. For the holder of the stripe's
 * lock. */

void ghost_add(struct stripe *stripe, uint64_t hash);
/* Removes the key. Returns whether it was there. */
bool ghost_take(struct stripe *stripe, uint64_t hash);

#endif
