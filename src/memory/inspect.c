/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "memory/index.h"
#include "memory/record.h"
#include "memory/stripe.h"

/* --- Statistics --- */

static uint64_t relaxed(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

void memory_stats(const struct memory *m, struct memory_stats *stats)
{
    *stats = (struct memory_stats){.bytes = m->bytes};
    for (uint32_t i = 0; i < m->stripe_count; i++) {
        const struct stripe *stripe = &m->stripes[i];

        stats->records += relaxed(&stripe->line->records);
        stats->evictions += relaxed(&stripe->line->evictions);
        stats->recovered += relaxed(&stripe->line->recovered);
        for (int ring = 0; ring < RINGS; ring++)
            stats->used += (uint64_t)(stripe->rings[ring].units - ring_free(&stripe->rings[ring])) *
                           MEMORY_UNIT;
    }
}

/* --- Listing --- */

struct listing {
    const struct memory *memory;
    bool (*each)(void *arg, struct str key, const struct memory_hit *hit, bool current);
    void *arg;
    char key[MEMORY_KEY_MAX];
};

static bool show(struct listing *listing, const struct ring *ring, uint64_t place)
{
    const _Atomic uint64_t *words = ring_at(ring, place);
    struct record record;
    struct memory_hit hit;

    if (!record_read(words, ring_to_end(ring, place), &record) ||
        record.key_len > sizeof listing->key)
        return true;
    words_read(listing->key, record_key(words, &record), record.key_len);
    if (ring_passed(ring, place))
        return true;
    hit = (struct memory_hit){0};
    for (int i = 0; i < MEMORY_PARTS; i++)
        hit.lens[i] = record.lens[i];
    return listing->each(listing->arg, str_make(listing->key, record.key_len), &hit,
                         record_is_current(listing->memory, &record));
}

static bool show_bucket(struct listing *listing, const struct stripe *stripe,
                        const struct bucket *bucket)
{
    for (int i = 0; i < MEMORY_BUCKET; i++) {
        uint64_t entry = atomic_load_explicit(&bucket->entries[i], memory_order_acquire);

        if (entry != 0 && !show(listing, &stripe->rings[entry_ring(entry)], entry_place(entry)))
            return false;
    }
    return true;
}

void memory_each(struct memory *m,
                 bool (*each)(void *arg, struct str key, const struct memory_hit *hit,
                              bool current),
                 void *arg)
{
    struct listing *listing = mem_alloc(sizeof *listing);

    listing->memory = m;
    listing->each = each;
    listing->arg = arg;
    for (uint32_t i = 0; i < m->stripe_count; i++)
        for (uint32_t j = 0; j < m->stripes[i].bucket_count; j++)
            if (!show_bucket(listing, &m->stripes[i], &m->stripes[i].buckets[j]))
                goto out;
out:
    free(listing);
}

/* --- Verifying --- */

__attribute__((format(printf, 2, 3))) static enum err finding(char why[static MEMORY_WHY_SIZE],
                                                              const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why, MEMORY_WHY_SIZE, format, args);
    va_end(args);
    return ERR_INTERNAL;
}

static bool sum_is(const _Atomic uint64_t *words, uint32_t len, uint64_t sum)
{
    void *copy = mem_alloc(len);
    bool is;

    words_read(copy, words, len);
    is = hash64(copy, len) == sum;
    free(copy);
    return is;
}

static bool is_whole(const struct ring *ring, const struct ring_piece *piece)
{
    const _Atomic uint64_t *words = ring_at(ring, piece->place);
    struct record record;

    if (!record_read(words, piece->units, &record) || record.units != piece->units)
        return false;
    for (int i = 0; i < MEMORY_PARTS; i++)
        if (!sum_is(record_part(words, &record, (enum memory_part)i), record.lens[i],
                    record.sums[i]))
            return false;
    return true;
}

/* Every piece from tail to head, each a whole record. */
static enum err verify_ring(const struct ring *ring, const char *name,
                            char why[static MEMORY_WHY_SIZE])
{
    uint64_t place = atomic_load(&ring->ends->tail), head = atomic_load(&ring->ends->head);
    struct ring_piece piece;

    if (!ring_is_sound(ring))
        return finding(why, "%s ring: head and tail are out of order", name);
    while (place != head) {
        if (place > head || !ring_piece(ring, place, &piece) || piece.units == 0 ||
            piece.units > ring_to_end(ring, place))
            return finding(why, "%s ring: no piece at %llx", name, (unsigned long long)place);
        if (piece.kind != RECORD_PAD && !is_whole(ring, &piece))
            return finding(why, "%s ring: torn record at %llx", name, (unsigned long long)place);
        place = ring_next(ring, &piece);
    }
    return ERR_OK;
}

static enum err verify_entry(const struct stripe *stripe, struct index_slot slot,
                             char why[static MEMORY_WHY_SIZE])
{
    uint64_t entry = index_entry(slot), place = entry_place(entry);
    const struct ring *ring = &stripe->rings[entry_ring(entry)];
    struct record record;

    if (entry == 0)
        return ERR_OK;
    if (ring_passed(ring, place) ||
        !record_read(ring_at(ring, place), ring_to_end(ring, place), &record))
        return finding(why, "index: no record behind entry %llx", (unsigned long long)entry);
    if (index_bucket(stripe, record.key_hash) != slot.bucket ||
        !entry_is_of(entry, record.key_hash))
        return finding(why, "index: another key's record behind entry %llx",
                       (unsigned long long)entry);
    if (index_find(stripe, record.key_hash).i != slot.i)
        return finding(why, "index: two entries of one key, %llx", (unsigned long long)entry);
    return ERR_OK;
}

static enum err verify_stripe(const struct stripe *stripe, char why[static MEMORY_WHY_SIZE])
{
    static const char *const names[RINGS] = {[RING_SMALL] = "small", [RING_MAIN] = "main"};
    enum err err;

    for (int i = 0; i < RINGS; i++) {
        err = verify_ring(&stripe->rings[i], names[i], why);
        if (err != ERR_OK)
            return err;
    }
    for (uint32_t i = 0; i < stripe->bucket_count; i++)
        for (int j = 0; j < MEMORY_BUCKET; j++) {
            err = verify_entry(stripe, (struct index_slot){&stripe->buckets[i], j}, why);
            if (err != ERR_OK)
                return err;
        }
    return ERR_OK;
}

enum err memory_verify(struct memory *m, char why[static MEMORY_WHY_SIZE])
{
    enum err err = ERR_OK;

    why[0] = '\0';
    for (uint32_t i = 0; i < m->stripe_count && err == ERR_OK; i++) {
        if (!stripe_lock_wait(&m->stripes[i]))
            return finding(why, "stripe %u: its lock is beyond repair", (unsigned)i);
        err = verify_stripe(&m->stripes[i], why);
        stripe_unlock(&m->stripes[i]);
    }
    return err;
}
