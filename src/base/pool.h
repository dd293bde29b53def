/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_POOL_H
#define LARDER_BASE_POOL_H

#include <stddef.h>

/* Memory for things of one size that come and go with each request: what is given back is kept for
 * the next one.  For one thread. */

struct pool {
    void *first; /* of what is kept; each begins with the address of the next */
    size_t size, kept, max;
};

/* size is at least that of a pointer; max: so many are kept at most.  Allocates nothing. */
#define POOL_INIT(bytes, most) ((struct pool){.size = (bytes), .max = (most)})

/* With undefined content. */
void *pool_take(struct pool *pool);
/* NULL is allowed. */
void pool_put(struct pool *pool, void *item);
/* Frees what is kept; the pool may be used again. */
void pool_free(struct pool *pool);

#endif
