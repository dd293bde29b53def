/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_POOL_H
#define LARDER_BASE_POOL_H

#include <stddef.h>

/* A free list for objects of one size that are allocated for each request.  For one thread. */

struct pool {
    void *first; /* of the free objects; each begins with the address of the next */
    size_t size, kept, max;
};

/* size is at least that of a pointer; at most max free objects are kept.  Allocates nothing. */
#define POOL_INIT(bytes, most) ((struct pool){.size = (bytes), .max = (most)})

/* Returns an object with undefined content. */
void *pool_take(struct pool *pool);
/* NULL is allowed. */
void pool_put(struct pool *pool, void *item);
/* Frees the free objects; the pool may be used again. */
void pool_free(struct pool *pool);

#endif
