/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Where a tool watches the heap, everything goes through it. */
#if defined(__SANITIZE_ADDRESS__)
#define KEEPS 0
#else
#define KEEPS 1
#endif

void *pool_take(struct pool *pool)
{
    void *item = pool->first;

    if (item == NULL)
        return mem_alloc(pool->size);
    memcpy(&pool->first, item, sizeof pool->first);
    pool->kept--;
    return item;
}

void pool_put(struct pool *pool, void *item)
{
    if (item == NULL)
        return;
    if (!KEEPS || pool->kept >= pool->max) {
        free(item);
        return;
    }
    memcpy(item, &pool->first, sizeof pool->first);
    pool->first = item;
    pool->kept++;
}

void pool_free(struct pool *pool)
{
    void *item;

    while ((item = pool->first) != NULL) {
        memcpy(&pool->first, item, sizeof pool->first);
        free(item);
    }
    pool->kept = 0;
}
