/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/index.h"

static uint64_t load(const struct bucket *bucket, int i)
{
    return atomic_load_explicit(&bucket->entries[i], memory_order_relaxed);
}

static void index_add(_Atomic uint64_t *counter, uint64_t by)
{
    /* Under the lock: nobody else adds. */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

static bool is_alive(const struct stripe *stripe, uint64_t entry)
{
    const struct ring *ring = &stripe->rings[entry_ring(entry)];

    return entry != 0 && ring_to_end(ring, entry_place(entry)) > 0 &&
           !ring_passed(ring, entry_place(entry));
}

struct index_slot index_find(const struct stripe *stripe, uint64_t hash)
{
    struct bucket *bucket = index_bucket(stripe, hash);
    struct ring_piece piece;

    for (int i = 0; i < MEMORY_BUCKET; i++) {
        uint64_t entry = load(bucket, i);

        if (entry_is_of(entry, hash) && is_alive(stripe, entry) &&
            ring_piece(&stripe->rings[entry_ring(entry)], entry_place(entry), &piece) &&
            piece.key_hash == hash)
            return (struct index_slot){bucket, i};
    }
    return (struct index_slot){bucket, -1};
}

struct index_slot index_find_place(const struct stripe *stripe, uint64_t hash, int ring,
                                   uint64_t place)
{
    struct bucket *bucket = index_bucket(stripe, hash);
    uint64_t entry = entry_make(hash, ring, place);

    for (int i = 0; i < MEMORY_BUCKET; i++)
        if (load(bucket, i) == entry)
            return (struct index_slot){bucket, i};
    return (struct index_slot){bucket, -1};
}

uint64_t index_entry(struct index_slot slot)
{
    return load(slot.bucket, slot.i);
}

uint8_t index_uses(struct index_slot slot)
{
    return atomic_load_explicit(&slot.bucket->uses[slot.i], memory_order_relaxed);
}

void index_move(struct index_slot slot, uint64_t entry, uint8_t uses)
{
    atomic_store_explicit(&slot.bucket->uses[slot.i], uses, memory_order_relaxed);
    atomic_store_explicit(&slot.bucket->entries[slot.i], entry, memory_order_release);
}

/* An entry to overwrite: a free one, or else the least used. */
static int choose(const struct stripe *stripe, const struct bucket *bucket)
{
    int least = 0;
    uint8_t least_uses = UINT8_MAX;

    for (int i = 0; i < MEMORY_BUCKET; i++) {
        uint8_t uses = atomic_load_explicit(&bucket->uses[i], memory_order_relaxed);

        if (!is_alive(stripe, load(bucket, i)))
            return i;
        if (uses < least_uses) {
            least = i;
            least_uses = uses;
        }
    }
    return least;
}

void index_put(struct stripe *stripe, uint64_t hash, int ring, uint64_t place)
{
    struct index_slot slot = index_find(stripe, hash);
    uint64_t entry = entry_make(hash, ring, place);

    if (slot.i >= 0) {
        index_move(slot, entry, index_uses(slot));
        return;
    }
    slot.i = choose(stripe, slot.bucket);
    index_add(load(slot.bucket, slot.i) == 0 ? &stripe->line->records : &stripe->line->evictions,
              1);
    index_move(slot, entry, 0);
}

void index_erase(struct stripe *stripe, struct index_slot slot)
{
    atomic_store_explicit(&slot.bucket->entries[slot.i], 0, memory_order_release);
    index_add(&stripe->line->records, UINT64_MAX);
}

void index_clear(struct stripe *stripe)
{
    for (uint32_t i = 0; i < stripe->bucket_count; i++)
        for (int j = 0; j < MEMORY_BUCKET; j++)
            atomic_store_explicit(&stripe->buckets[i].entries[j], 0, memory_order_release);
    atomic_store_explicit(&stripe->line->records, 0, memory_order_relaxed);
}
