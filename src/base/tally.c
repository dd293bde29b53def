/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/tally.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/metrics_slot.h"

/* A client's count lies in one of so many places from its hash on: the upper bits of the hash, and
 * the number below.  One with the number 0 is free.  Only the slot's worker writes. */
enum { PLACES = 64, COUNT_BITS = 16 };
#define COUNT_MASK ((UINT64_C(1) << COUNT_BITS) - 1)

static uint64_t number_in(uint64_t word)
{
    return word & COUNT_MASK;
}

static bool is_of(uint64_t word, uint64_t client)
{
    return number_in(word) > 0 && (word & ~COUNT_MASK) == (client & ~COUNT_MASK);
}

static size_t place(uint64_t client, size_t i)
{
    return (size_t)(client + i) % METRICS_TALLY;
}

static uint64_t load(const struct metrics_slot *slot, size_t at)
{
    return atomic_load_explicit(&slot->tally[at], memory_order_acquire);
}

/* Where the client's count lies in this worker's slot, or may; METRICS_TALLY: nowhere. */
static size_t tally_find(uint64_t client)
{
    size_t free = METRICS_TALLY;

    for (size_t i = 0; i < PLACES; i++) {
        size_t at = place(client, i);
        uint64_t word = load(metrics_map.own, at);

        if (is_of(word, client))
            return at;
        if (number_in(word) == 0 && free == METRICS_TALLY)
            free = at;
    }
    return free;
}

static uint64_t sum_of(const struct metrics_slot *slot, uint64_t client)
{
    for (size_t i = 0; i < PLACES; i++) {
        uint64_t word = load(slot, place(client, i));

        if (is_of(word, client))
            return number_in(word);
    }
    return 0;
}

uint64_t tally_add(uint64_t client)
{
    size_t at = tally_find(client);
    uint64_t sum = 0;

    if (at < METRICS_TALLY) {
        uint64_t number = number_in(load(metrics_map.own, at));
        if (number < COUNT_MASK)
            atomic_store(&metrics_map.own->tally[at], (client & ~COUNT_MASK) | (number + 1));
    }
    for (int i = 0; i <= METRICS_SLOTS; i++) {
        const struct metrics_slot *slot = metrics_live_slot(i);
        sum += slot != NULL ? sum_of(slot, client) : 0;
    }
    return sum;
}

void tally_drop(uint64_t client)
{
    size_t at = tally_find(client);
    uint64_t word = at < METRICS_TALLY ? load(metrics_map.own, at) : 0;

    if (is_of(word, client))
        atomic_store(&metrics_map.own->tally[at], word - 1);
}
