/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_RENEWAL_H
#define LARDER_CACHE_RENEWAL_H

#include "cache/cache.h"
#include "cache/installation.h"

/* Changes of the installation in the background. cache_stop waits for them. */

struct renewal {
    struct installation seen;
    int64_t epoch, beat;
    struct str sessions; /* the collection to empty after a restored backup; or empty */
};

/* Begins a new epoch, unless another worker did so meanwhile. */
void renewal_start(struct cache *cache, const struct renewal *renewal);
/* Removes the document of a worker that ends. */
void renewal_leave(struct cache *cache, const char id[static MEMBER_ID_SIZE]);

#endif
