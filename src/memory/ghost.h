/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_GHOST_H
#define LARDER_MEMORY_GHOST_H

#include "memory/segment.h"

/* The keys, by fingerprint, that the small ring has lately let go.  For the holder of the stripe's
 * lock. */

void ghost_add(struct stripe *stripe, uint64_t hash);
/* Whether the key is among them; it is no longer. */
bool ghost_take(struct stripe *stripe, uint64_t hash);

#endif
