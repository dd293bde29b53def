/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_INDEX_H
#define LARDER_MEMORY_INDEX_H

#include "memory/segment.h"

/* The index of a stripe's records: buckets of seven entries, one cache line each.  Readers load the
 * entries of one bucket; only the holder of the stripe's lock changes them, each by one store. */

static inline struct bucket *index_bucket(const struct stripe *stripe, uint64_t hash)
{
    /* Bits 28 to 59: the low 16 are the fingerprint, the upper 4 the stripe. */
    return &stripe->buckets[(uint64_t)(uint32_t)(hash >> 28) * stripe->bucket_count >> 32];
}

static inline bool entry_is_of(uint64_t entry, uint64_t hash)
{
    return entry != 0 && entry >> 48 == (hash & 0xffff);
}

static inline int entry_ring(uint64_t entry)
{
    return (int)(entry >> 47 & 1);
}

static inline uint64_t entry_place(uint64_t entry)
{
    return entry & RING_PLACE_MASK;
}

static inline uint64_t entry_make(uint64_t hash, int ring, uint64_t place)
{
    return hash << 48 | (uint64_t)ring << 47 | (place & RING_PLACE_MASK);
}

/* Counts a hit of an entry, up to 3.  A hit that is lost, or is counted for the entry's successor,
 * does no harm. */
static inline void index_use(struct bucket *bucket, int i)
{
    uint8_t uses = atomic_load_explicit(&bucket->uses[i], memory_order_relaxed);

    if (uses < 3)
        atomic_store_explicit(&bucket->uses[i], (uint8_t)(uses + 1), memory_order_relaxed);
}

/* A found entry; i < 0 is none. */
struct index_slot {
    struct bucket *bucket;
    int i;
};

/* All below are for the holder of the stripe's lock. */

/* The entry of a record with this key hash. */
struct index_slot index_find(const struct stripe *stripe, uint64_t hash);
/* The entry of the record at this place. */
struct index_slot index_find_place(const struct stripe *stripe, uint64_t hash, int ring,
                                   uint64_t place);
uint64_t index_entry(struct index_slot slot);
uint8_t index_uses(struct index_slot slot);
/* Points the entry of a copied record to the copy. */
void index_move(struct index_slot slot, uint64_t entry, uint8_t uses);
/* Stores the place of the key's record: in its own entry, in a free one, or in place of the
 * bucket's least used record. */
void index_put(struct stripe *stripe, uint64_t hash, int ring, uint64_t place);
void index_erase(struct stripe *stripe, struct index_slot slot);
void index_clear(struct stripe *stripe);

#endif
