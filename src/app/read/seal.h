/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_SEAL_H
#define LARDER_APP_READ_SEAL_H

#include <stdatomic.h>
#include <stddef.h>

#include "cache/cache.h"

/* cache_fill_seal from a thread, against a deadline that ends the fill on the loop at the same
 * time: the first of them wins, and the other sees it.  Zeroed at first. */
struct seal {
    atomic_int state;
};

/* On the thread: seals them, unless seal_end has been called. */
void seal_fills(struct seal *seal, struct cache_fill *const *fills, size_t count);
/* On the loop, before the fills end: none of them is touched by the thread afterwards. */
void seal_end(struct seal *seal);

#endif
