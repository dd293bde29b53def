/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/memory.h"

#include "memory/index.h"
#include "memory/record.h"
#include "memory/stripe.h"
#include "memory/view.h"

/* --- Reading --- */

struct lookup {
    const struct memory *memory;
    const struct memory_key *key;
    struct memory_now now;
    uint8_t *to;
    size_t room;
    struct memory_hit *hit;
    enum memory_part want;
};

/* TORN: it was overwritten while it was read; it may lie elsewhere now. */
enum found { FOUND_HIT, FOUND_NO_ROOM, FOUND_OTHER, FOUND_STALE, FOUND_TORN };

/* Asks for the first KiB at once: the lines of a record that was not read lately come together. */
static void prefetch(const _Atomic uint64_t *words)
{
    for (size_t i = 0; i < 16; i++)
        __builtin_prefetch((const uint8_t *)words + i * MEMORY_LINE);
}

/* Copies one part, of which the bytes may be those of a later record. */
static void copy_part(uint8_t *to, const _Atomic uint64_t *words, const struct record *record,
                      enum memory_part part)
{
    words_read(to, record_part(words, record, part), record->lens[part]);
}

/* Copies head and body, then makes sure that they were this record's all the time. */
static bool copy_parts(const struct lookup *lookup, const struct ring *ring, uint64_t place,
                       const struct record *record)
{
    const _Atomic uint64_t *words = ring_at(ring, place);
    enum memory_part last = lookup->hit->last;
    uint8_t *body = lookup->to + record->lens[MEMORY_HEAD];

    copy_part(lookup->to, words, record, MEMORY_HEAD);
    if (last != MEMORY_HEAD)
        copy_part(body, words, record, last);
    if (ring_passed(ring, place))
        return false;
    return hash64(lookup->to, record->lens[MEMORY_HEAD]) == record->sums[MEMORY_HEAD] &&
           (last == MEMORY_HEAD || hash64(body, record->lens[last]) == record->sums[last]);
}

/* Tells of a record; gives the bytes that its copy needs. */
static size_t describe(const struct lookup *lookup, const struct record *record)
{
    struct memory_hit *hit = lookup->hit;

    for (int i = 0; i < MEMORY_PARTS; i++)
        hit->lens[i] = record->lens[i];
    hit->last = lookup->want;
    if (hit->last == MEMORY_PACKED && hit->lens[MEMORY_PACKED] == 0)
        hit->last = MEMORY_BODY;
    return (size_t)hit->lens[MEMORY_HEAD] + (hit->last != MEMORY_HEAD ? hit->lens[hit->last] : 0);
}

/* The tags are looked at last.  That alone makes a hit right: the record cannot change, so at the
 * moment when none of its tags had moved its content was the newest, and that moment lies after the
 * request's arrival.  Were they looked at first only, a write acknowledged during the copy would be
 * missed, which is still right; last is merely fresher, and costs nothing.
 * The lease was looked at before: a reader that sees it renewed sees what was voided and bumped
 * before. */
static enum found read_record(const struct lookup *lookup, const struct ring *ring, uint64_t place)
{
    const _Atomic uint64_t *words = ring_at(ring, place);
    struct record record;
    bool has_room;

    prefetch(words);
    if (!record_read(words, ring_to_end(ring, place), &record))
        return FOUND_TORN;
    if (record.key_hash != lookup->key->hash || record.key_len != lookup->key->text.len ||
        !words_equal(record_key(words, &record), lookup->key->text.ptr, record.key_len))
        return FOUND_OTHER;
    if (lookup->now.wall_ms >= record.expires_ms)
        return FOUND_STALE;
    has_room = describe(lookup, &record) <= lookup->room;
    if (has_room && !copy_parts(lookup, ring, place, &record))
        return FOUND_TORN;
    if (!record_is_trusted(lookup->memory, &record, lookup->now.mono_ns))
        return FOUND_STALE;
    return has_room ? FOUND_HIT : FOUND_NO_ROOM;
}

static enum found look_up(const struct lookup *lookup, const struct stripe *stripe)
{
    uint64_t hash = lookup->key->hash;
    struct bucket *bucket = index_bucket(stripe, hash);
    enum found result = FOUND_OTHER;

    for (int i = 0; i < MEMORY_BUCKET; i++) {
        uint64_t entry = atomic_load_explicit(&bucket->entries[i], memory_order_acquire);
        enum found found;

        if (!entry_is_of(entry, hash))
            continue;
        found = read_record(lookup, &stripe->rings[entry_ring(entry)], entry_place(entry));
        if (found == FOUND_HIT && lookup->memory->view == NULL)
            index_use(bucket, i);
        if (found == FOUND_TORN)
            result = FOUND_TORN;
        else if (found != FOUND_OTHER)
            return found;
    }
    return result;
}

enum err memory_get(struct memory *m, const struct memory_key *key, struct memory_now now,
                    enum memory_part want, void *to, size_t room, struct memory_hit *hit)
{
    enum { TRIES = 3 };
    struct lookup lookup = {m, key, now, to, room, hit, want};
    enum found found = FOUND_TORN;

    *hit = (struct memory_hit){0};
    if (m->stripe_count == 0 || !memory_lease_valid(m, now.mono_ns))
        return ERR_NOT_FOUND;
    for (int i = 0; i < TRIES && found == FOUND_TORN; i++)
        found = look_up(&lookup, memory_stripe(m, key->hash));
    if (m->view != NULL && !view_admits(m, key->hash, found == FOUND_HIT))
        return ERR_NOT_FOUND;
    return found == FOUND_HIT ? ERR_OK : found == FOUND_NO_ROOM ? ERR_TOO_LARGE : ERR_NOT_FOUND;
}

/* --- Storing --- */

size_t memory_item_max(const struct memory *m)
{
    /* Key and parts are each filled up to a word. */
    size_t fixed = (RECORD_WORDS + MEMORY_TAGS_MAX + 1 + MEMORY_PARTS) * 8;

    return m->stripe_count > 0 ? (size_t)m->units_max * MEMORY_UNIT - fixed : 0;
}

static bool fits(const struct memory *m, const struct memory_item *item)
{
    size_t left = memory_item_max(m);

    if (item->key.text.len > MEMORY_KEY_MAX)
        return false;
    left -= item->key.text.len;
    for (int i = 0; i < MEMORY_PARTS; i++) {
        if (item->parts[i].len > left)
            return false;
        left -= item->parts[i].len;
    }
    return true;
}

/* Several workers that missed at once bring the same answer: once is enough. */
static bool is_there(const struct stripe *stripe, const struct record *record)
{
    struct index_slot slot = index_find(stripe, record->key_hash);
    const struct ring *ring;
    uint64_t place;
    struct record old;

    if (slot.i < 0)
        return false;
    ring = &stripe->rings[entry_ring(index_entry(slot))];
    place = entry_place(index_entry(slot));
    if (!record_read(ring_at(ring, place), ring_to_end(ring, place), &old))
        return false;
    return record_is_same(&old, record) && old.expires_ms >= record->expires_ms;
}

static enum err entries_put(struct memory *m, const struct memory_item *item,
                            const struct memory_snapshot *snapshot)
{
    struct stripe *stripe = memory_stripe(m, item->key.hash);
    struct record record;

    record_make(&record, item, snapshot);
    if (!stripe_lock(stripe))
        return ERR_BUSY;
    if (!is_there(stripe, &record))
        stripe_store(m, stripe, &record, item);
    stripe_unlock(stripe);
    return ERR_OK;
}

/* Between the look at the tags and the store they may move; then the record is a miss from the
 * start, because it carries the snapshot's seqs.  The look only saves the work. */
enum err memory_put(struct memory *m, const struct memory_item *item,
                    const struct memory_snapshot *snapshot, int64_t mono_ns)
{
    if (m->stripe_count == 0)
        return ERR_UNSUPPORTED;
    if (!fits(m, item) || (snapshot->flags & MEMORY_TOO_MANY) != 0)
        return ERR_TOO_LARGE;
    if (memory_check(m, snapshot, mono_ns) != 0)
        return ERR_STALE;
    return entries_put(m, item, snapshot);
}

/* Whose entry it is, another key's with the same fingerprint too, matters little. */
void memory_used(struct memory *m, uint64_t key_hash, unsigned times)
{
    struct bucket *bucket;

    if (m->stripe_count == 0)
        return;
    bucket = index_bucket(memory_stripe(m, key_hash), key_hash);
    for (int i = 0; i < MEMORY_BUCKET; i++) {
        uint64_t entry = atomic_load_explicit(&bucket->entries[i], memory_order_relaxed);

        for (unsigned j = 0; j < times && j < 3 && entry_is_of(entry, key_hash); j++)
            index_use(bucket, i);
    }
}

enum err memory_remove(struct memory *m, const struct memory_key *key)
{
    struct stripe *stripe;
    struct index_slot slot;

    if (m->stripe_count == 0)
        return ERR_NOT_FOUND;
    stripe = memory_stripe(m, key->hash);
    if (!stripe_lock(stripe))
        return ERR_BUSY;
    slot = index_find(stripe, key->hash);
    if (slot.i >= 0)
        index_erase(stripe, slot);
    stripe_unlock(stripe);
    return slot.i >= 0 ? ERR_OK : ERR_NOT_FOUND;
}
