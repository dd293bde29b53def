/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/stripe.h"

#include <errno.h>

#include "memory/ghost.h"
#include "memory/index.h"
#include "memory/record.h"

enum {
    LOCK_TRIES = 8,
    LOCK_PAUSES = 16,
    MOVES_MAX = 64, /* records that one store may move, so that it ends soon */
    USES_TO_STAY = 2,
};

/* --- Lock --- */

static void stripe_add(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

static void pause_briefly(void)
{
    for (int i = 0; i < LOCK_PAUSES; i++) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#else
        atomic_signal_fence(memory_order_seq_cst);
#endif
    }
}

static bool take_over(struct stripe *stripe, int result)
{
    if (result == EOWNERDEAD) {
        result = pthread_mutex_consistent(&stripe->line->lock);
        stripe_add(&stripe->line->recovered);
    }
    return result == 0;
}

bool stripe_lock(struct stripe *stripe)
{
    int result = EBUSY;

    for (int i = 0; i < LOCK_TRIES && result == EBUSY; i++) {
        if (i > 0)
            pause_briefly();
        result = pthread_mutex_trylock(&stripe->line->lock);
    }
    return take_over(stripe, result);
}

bool stripe_lock_wait(struct stripe *stripe)
{
    return take_over(stripe, pthread_mutex_lock(&stripe->line->lock));
}

void stripe_unlock(struct stripe *stripe)
{
    (void)pthread_mutex_unlock(&stripe->line->lock);
}

/* --- Eviction --- */

/* One store's work on one stripe. */
struct work {
    const struct memory *memory;
    struct stripe *stripe;
    unsigned moves; /* left */
};

static bool is_worth_keeping(struct work *work, struct ring *ring, const struct ring_piece *piece)
{
    struct record record;

    return work->moves > 0 && record_read(ring_at(ring, piece->place), piece->units, &record) &&
           record_is_current(work->memory, &record);
}

/* Copies a record to the main ring's head, where room is, and lets its entry show the copy.  The
 * old one stays readable until its ring's tail passes it. */
static void move_to_main(struct work *work, int from, const struct ring_piece *piece,
                         struct index_slot slot, uint8_t uses)
{
    struct ring *main = &work->stripe->rings[RING_MAIN];
    struct ring *ring = &work->stripe->rings[from];
    uint64_t place = ring_reserve(main, piece->units);

    words_copy(ring_at(main, place), ring_at(ring, piece->place),
               (size_t)piece->units * (MEMORY_UNIT / sizeof(uint64_t)));
    ring_publish(main, place, piece->units);
    index_move(slot, entry_make(piece->key_hash, RING_MAIN, place), uses);
    if (work->moves > 0) /* making room may have taken the last one */
        work->moves--;
}

static void evict(struct work *work, struct index_slot slot)
{
    index_erase(work->stripe, slot);
    stripe_add(&work->stripe->line->evictions);
}

/* The entry that shows this piece, if one does: it may have been replaced, or be a pad. */
static struct index_slot piece_slot(const struct stripe *stripe, int ring,
                                    const struct ring_piece *piece)
{
    if (piece->kind != RECORD_ENTRY)
        return (struct index_slot){.i = -1};
    return index_find_place(stripe, piece->key_hash, ring, piece->place);
}

static void main_evict(struct work *work, const struct ring_piece *piece)
{
    struct ring *ring = &work->stripe->rings[RING_MAIN];
    struct index_slot slot = piece_slot(work->stripe, RING_MAIN, piece);
    uint8_t uses = slot.i >= 0 ? index_uses(slot) : 0;

    if (uses > 0 && ring_free(ring) >= ring_cost(ring, piece->units) &&
        is_worth_keeping(work, ring, piece))
        move_to_main(work, RING_MAIN, piece, slot, (uint8_t)(uses - 1));
    else if (slot.i >= 0)
        evict(work, slot);
    ring_drop(ring, piece);
}

/* More than is needed, so that a record at the tail can be copied to the head before its place is
 * given up: no reader ever misses it. */
static uint32_t main_needs(const struct work *work, uint32_t units)
{
    uint32_t largest = atomic_load_explicit(&work->stripe->line->largest, memory_order_relaxed);

    return ring_cost(&work->stripe->rings[RING_MAIN], units) + 2 * largest;
}

static void main_make_room(struct work *work, uint32_t units)
{
    struct ring *ring = &work->stripe->rings[RING_MAIN];
    struct ring_piece piece;

    while (ring_free(ring) < main_needs(work, units) && ring_oldest(ring, &piece))
        main_evict(work, &piece);
}

/* Whether the main ring takes a record without losing one that could still be served: it has never
 * been full, or what lies at its end is void. */
static bool main_has_spare(struct work *work, uint32_t units)
{
    struct ring *ring = &work->stripe->rings[RING_MAIN];
    bool spare = !ring_has_turned(ring);
    struct ring_piece piece;
    struct index_slot slot;

    while (ring_free(ring) < main_needs(work, units) && ring_oldest(ring, &piece)) {
        slot = piece_slot(work->stripe, RING_MAIN, &piece);
        if (slot.i >= 0 && is_worth_keeping(work, ring, &piece))
            return false;
        if (slot.i >= 0)
            evict(work, slot);
        ring_drop(ring, &piece);
        spare = true;
    }
    return spare;
}

static void small_evict(struct work *work, const struct ring_piece *piece)
{
    struct ring *ring = &work->stripe->rings[RING_SMALL];
    struct index_slot slot = piece_slot(work->stripe, RING_SMALL, piece);

    if (slot.i >= 0 && is_worth_keeping(work, ring, piece)) {
        if (index_uses(slot) >= USES_TO_STAY) {
            main_make_room(work, piece->units);
            move_to_main(work, RING_SMALL, piece, slot, 0);
            slot.i = -1;
        } else if (main_has_spare(work, piece->units)) {
            move_to_main(work, RING_SMALL, piece, slot, index_uses(slot));
            slot.i = -1;
        }
    }
    if (slot.i >= 0) {
        evict(work, slot);
        ghost_add(work->stripe, piece->key_hash);
    }
    ring_drop(ring, piece);
}

static void small_make_room(struct work *work, uint32_t units)
{
    struct ring *ring = &work->stripe->rings[RING_SMALL];
    struct ring_piece piece;

    while (ring_free(ring) < ring_cost(ring, units) && ring_oldest(ring, &piece))
        small_evict(work, &piece);
}

/* --- Storing --- */

/* One wild write to what the lock guards would otherwise bring down each worker that stores, again
 * and again.  Readers need no such look: they check each record by itself. */
static bool is_sound(const struct memory *m, const struct stripe *stripe)
{
    return ring_is_sound(&stripe->rings[RING_SMALL]) && ring_is_sound(&stripe->rings[RING_MAIN]) &&
           atomic_load_explicit(&stripe->line->largest, memory_order_relaxed) <= m->units_max;
}

static void start_anew(struct stripe *stripe)
{
    index_clear(stripe); /* first: a process killed here leaves rings that are still unsound */
    for (int i = 0; i < RINGS; i++)
        ring_init(&stripe->rings[i]);
    atomic_store_explicit(&stripe->line->largest, 0, memory_order_relaxed);
}

/* A key that is there stays in its ring, so that a change of its content costs it no rank. */
static int choose_ring(struct stripe *stripe, uint64_t hash)
{
    struct index_slot slot = index_find(stripe, hash);

    if (slot.i >= 0)
        return entry_ring(index_entry(slot));
    return ghost_take(stripe, hash) ? RING_MAIN : RING_SMALL;
}

void stripe_store(struct memory *m, struct stripe *stripe, const struct record *record,
                  const struct memory_item *item)
{
    struct work work = {.memory = m, .stripe = stripe, .moves = MOVES_MAX};
    struct ring *ring;
    uint64_t place;
    int chosen;

    if (!is_sound(m, stripe))
        start_anew(stripe);
    chosen = choose_ring(stripe, record->key_hash);
    ring = &stripe->rings[chosen];
    if (record->units > atomic_load_explicit(&stripe->line->largest, memory_order_relaxed))
        atomic_store_explicit(&stripe->line->largest, record->units, memory_order_relaxed);
    if (chosen == RING_MAIN)
        main_make_room(&work, record->units);
    else
        small_make_room(&work, record->units);
    place = ring_reserve(ring, record->units);
    record_write(ring_at(ring, place), record, item);
    ring_publish(ring, place, record->units);
    index_put(stripe, record->key_hash, chosen, place);
}
