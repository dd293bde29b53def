/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_RING_H
#define LARDER_MEMORY_RING_H

#include "memory/segment_layout.h"

/* A log that bites its tail: records are appended at the head and given up at the tail, in the
 * order in which they came.  Readers look at any place at any time and ask afterwards whether the
 * tail has passed it; everything else is for the holder of the stripe's lock.  A holder killed at
 * any instruction leaves a sound ring: the tail moves before anything is overwritten, the head
 * after all is written. */
struct ring {
    _Atomic uint64_t *words;
    struct ring_ends *ends;
    uint32_t units;
};

/* A place's lap in an index entry has 15 bits, so places are compared modulo 2^47. */
#define RING_PLACE_MASK ((UINT64_C(1) << 47) - 1)

static inline _Atomic uint64_t *ring_at(const struct ring *ring, uint64_t place)
{
    return ring->words + (size_t)(uint32_t)place * (MEMORY_UNIT / sizeof(uint64_t));
}

/* Units from the place to the ring's end; no record goes beyond. */
static inline uint32_t ring_to_end(const struct ring *ring, uint64_t place)
{
    return (uint32_t)place < ring->units ? ring->units - (uint32_t)place : 0;
}

/* Whether what was read at the place may have been overwritten meanwhile, or long ago. */
static inline bool ring_passed(const struct ring *ring, uint64_t place)
{
    /* Pairs with the fence in ring_reserve: who has seen one new word sees the new tail. */
    atomic_thread_fence(memory_order_acquire);
    uint64_t tail = atomic_load_explicit(&ring->ends->tail, memory_order_relaxed);

    return ((place - tail) & RING_PLACE_MASK) > RING_PLACE_MASK / 2;
}

void ring_init(struct ring *ring);
/* Whether head and tail can be a ring's: not after a wild write.  All below needs that they are.
 */
bool ring_is_sound(const struct ring *ring);
/* Units between head and tail that nothing lies in. */
uint32_t ring_free(const struct ring *ring);
/* What a record of so many units takes, with what it leaves empty at the ring's end. */
uint32_t ring_cost(const struct ring *ring, uint32_t units);
/* Whether the head has gone once round. */
bool ring_has_turned(const struct ring *ring);
/* Where the next record goes: write there, then publish.  ring_free must be at least ring_cost. */
uint64_t ring_reserve(struct ring *ring, uint32_t units);
void ring_publish(struct ring *ring, uint64_t place, uint32_t units);

struct ring_piece {
    uint64_t place, key_hash;
    uint32_t units;
    uint8_t kind; /* RECORD_ENTRY or RECORD_PAD */
};

/* The piece at the place, which is the tail or follows another piece; false at the head, and where
 * no place is. */
bool ring_piece(const struct ring *ring, uint64_t place, struct ring_piece *piece);
/* Where the next piece begins. */
uint64_t ring_next(const struct ring *ring, const struct ring_piece *piece);
/* The oldest piece; false when the ring is empty. */
bool ring_oldest(struct ring *ring, struct ring_piece *piece);
/* Gives the oldest piece up. */
void ring_drop(struct ring *ring, const struct ring_piece *piece);

/* Words are atomic one by one, and relaxed: the header says what orders them. */

/* Writes len bytes and zeros up to the next word. */
void words_write(_Atomic uint64_t *to, const void *from, size_t len);
void words_read(void *to, const _Atomic uint64_t *from, size_t len);
void words_copy(_Atomic uint64_t *to, const _Atomic uint64_t *from, size_t words);
/* Whether these are the bytes that words_write would have left. */
bool words_equal(const _Atomic uint64_t *words, const void *bytes, size_t len);

static inline size_t words_of(size_t len)
{
    return (len + 7) / 8;
}

#endif
