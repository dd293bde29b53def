/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_RENEWAL_H
#define LARDER_CACHE_RENEWAL_H

#include "cache/cache.h"
#include "cache/installation.h"

/* What a worker changes in its installation, in the background; the cache waits for it when it is
 * stopped. */

struct renewal {
    struct installation seen;
    int64_t epoch, beat;
    struct str sessions; /* the collection that is emptied: a backup was restored; or empty */
};

/* Begins an epoch, unless another worker has meanwhile. */
void renewal_start(struct cache *cache, const struct renewal *renewal);
/* Removes the document of a worker that ends. */
void renewal_leave(struct cache *cache, const char id[static MEMBER_ID_SIZE]);

#endif
