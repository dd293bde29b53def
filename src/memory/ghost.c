/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/ghost.h"

static struct ghost *line_of(const struct stripe *stripe, uint64_t hash)
{
    return &stripe->ghosts[(uint64_t)(uint32_t)(hash >> 28) * stripe->ghost_count >> 32];
}

/* Never 0, which is none. */
static uint32_t print_of(uint64_t hash)
{
    return (uint32_t)hash | 1;
}

void ghost_add(struct stripe *stripe, uint64_t hash)
{
    struct ghost *line = line_of(stripe, hash);
    uint32_t next = atomic_load_explicit(&line->next, memory_order_relaxed) % MEMORY_GHOSTS;

    atomic_store_explicit(&line->prints[next], print_of(hash), memory_order_relaxed);
    atomic_store_explicit(&line->next, next + 1, memory_order_relaxed);
}

bool ghost_take(struct stripe *stripe, uint64_t hash)
{
    struct ghost *line = line_of(stripe, hash);

    for (int i = 0; i < MEMORY_GHOSTS; i++) {
        if (atomic_load_explicit(&line->prints[i], memory_order_relaxed) != print_of(hash))
            continue;
        atomic_store_explicit(&line->prints[i], 0, memory_order_relaxed);
        return true;
    }
    return false;
}
