/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/seal.h"

#include <sched.h>

enum { SEAL_OPEN, SEAL_AT_WORK, SEAL_OVER };

void seal_fills(struct seal *seal, struct cache_fill *const *fills, size_t count)
{
    int expected = SEAL_OPEN;

    if (!atomic_compare_exchange_strong(&seal->state, &expected, SEAL_AT_WORK))
        return;
    for (size_t i = 0; i < count; i++)
        cache_fill_seal(fills[i]);
    atomic_store(&seal->state, SEAL_OVER);
}

void seal_end(struct seal *seal)
{
    int expected = SEAL_OPEN;

    if (atomic_compare_exchange_strong(&seal->state, &expected, SEAL_OVER))
        return;
    while (atomic_load(&seal->state) == SEAL_AT_WORK)
        sched_yield();
}
