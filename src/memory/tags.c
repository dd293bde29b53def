/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/tags.h"

#include "base/clock.h"

uint32_t memory_slot(struct str tag)
{
    return (uint32_t)(hash64(tag.ptr, tag.len) & (MEMORY_TAG_SLOTS - 1));
}

uint32_t memory_token(struct memory *m)
{
    uint32_t token;

    do
        token = m->place << 16 | ((atomic_fetch_add(&m->segment->token, 1) + 1) & 0xffff);
    while (token == 0);
    return token;
}

bool stamp_is_bogus(uint64_t stamp, uint64_t now_ms, uint64_t max_ms)
{
    uint64_t clock_ms;

    if (stamp_ms(stamp) <= now_ms + max_ms)
        return false;
    clock_ms = ms_of(clock_mono_ns());
    /* One more: a fence's end is rounded up. */
    return stamp_ms(stamp) > (clock_ms > now_ms ? clock_ms : now_ms) + max_ms + 1;
}

static bool stands(uint64_t stamp, uint64_t now_ms)
{
    return stamp_ms(stamp) > now_ms && !stamp_is_bogus(stamp, now_ms, MEMORY_FENCE_MAX_MS);
}

bool tag_has_real_fence(const struct tag_line *line, uint64_t now_ms)
{
    bool fenced = stands(atomic_load_explicit(&line->overflow, memory_order_acquire), now_ms);

    for (int i = 0; i < MEMORY_FENCES && !fenced; i++)
        fenced = stands(atomic_load_explicit(&line->fences[i], memory_order_acquire), now_ms);
    return fenced;
}

/* Takes a free, expired or bogus word for the stamp; false when all four are taken. */
static bool take_fence(struct tag_line *line, uint64_t stamp, uint64_t now_ms)
{
    for (int i = 0; i < MEMORY_FENCES; i++) {
        uint64_t old = atomic_load(&line->fences[i]);

        while (!stands(old, now_ms))
            if (atomic_compare_exchange_weak(&line->fences[i], &old, stamp))
                return true;
    }
    return false;
}

static void raise_overflow(struct tag_line *line, uint64_t stamp, uint64_t now_ms)
{
    uint64_t old = atomic_load(&line->overflow);

    while ((old < stamp || !stands(old, now_ms)) &&
           !atomic_compare_exchange_weak(&line->overflow, &old, stamp))
        ;
}

void memory_fence(struct memory *m, uint32_t slot, uint32_t token, int64_t mono_ns,
                  int64_t expires_ns)
{
    struct tag_line *line = tag_line(m, slot);
    uint64_t stamp = stamp_make(ms_of(expires_ns - 1) + 1, token); /* rounded up */

    if (!take_fence(line, stamp, ms_of(mono_ns)))
        raise_overflow(line, stamp, ms_of(mono_ns));
    atomic_fetch_add(&line->seq, 1);
}

void memory_release(struct memory *m, uint32_t slot, uint32_t token)
{
    struct tag_line *line = tag_line(m, slot);

    atomic_fetch_add(&line->seq, 1);
    for (int i = 0; i < MEMORY_FENCES; i++) {
        uint64_t old = atomic_load(&line->fences[i]);

        /* Fails only when it has expired and was taken by another write. */
        if (old != 0 && stamp_number(old) == (token & 0xffffff))
            (void)atomic_compare_exchange_strong(&line->fences[i], &old, 0);
    }
}

void memory_bump(struct memory *m, uint32_t slot)
{
    atomic_fetch_add(&tag_line(m, slot)->seq, 1);
}

uint64_t memory_set_pending(struct memory *m, uint32_t slot)
{
    struct tag_line *line = tag_line(m, slot);
    uint64_t old = atomic_load(&line->pending), new;

    atomic_fetch_add(&m->segment->pending, 1);
    do
        new = ((old >> 1) + 1) << 1 | 1;
    while (!atomic_compare_exchange_weak(&line->pending, &old, new));
    if ((old & 1) != 0)
        atomic_fetch_sub(&m->segment->pending, 1); /* it is counted already */
    else
        atomic_store(&line->owed_ms, ms_of(clock_mono_ns()));
    return new >> 1;
}

uint64_t memory_pending(const struct memory *m, uint32_t slot)
{
    uint64_t pending = atomic_load(&tag_line(m, slot)->pending);

    return (pending & 1) != 0 ? pending >> 1 : 0;
}

bool memory_settle(struct memory *m, uint32_t slot, uint64_t generation)
{
    struct tag_line *line = tag_line(m, slot);
    uint64_t old = generation << 1 | 1, since = atomic_load(&line->owed_ms);

    atomic_fetch_add(&line->seq, 1);
    if (!atomic_compare_exchange_strong(&line->pending, &old, generation << 1))
        return false;
    (void)atomic_compare_exchange_strong(&line->owed_ms, &since, 0);
    atomic_fetch_sub(&m->segment->pending, 1);
    return true;
}

bool memory_pending_next(const struct memory *m, uint32_t *slot)
{
    if (atomic_load(&m->segment->pending) == 0)
        return false; /* as nearly always: 2 MiB are neither read nor made this worker's own */
    for (; *slot < MEMORY_TAG_SLOTS; ++*slot)
        if (memory_pending(m, *slot) != 0)
            return true;
    return false;
}

void memory_writes(const struct memory *m, int64_t mono_ns, struct memory_writes *writes)
{
    uint64_t now_ms = ms_of(mono_ns);

    *writes = (struct memory_writes){0};
    for (uint32_t slot = 0; slot < MEMORY_TAG_SLOTS; slot++) {
        const struct tag_line *line = tag_line(m, slot);
        uint64_t since = atomic_load(&line->owed_ms);

        writes->fences += tag_has_real_fence(line, now_ms);
        if (memory_pending(m, slot) == 0)
            continue;
        writes->pending++;
        if (since != 0 && since < now_ms && now_ms - since > writes->oldest_ms)
            writes->oldest_ms = now_ms - since;
    }
}

void memory_void(struct memory *m)
{
    atomic_fetch_add(&m->segment->void_gen, 1);
}

unsigned memory_snapshot(const struct memory *m, const uint32_t *slots, size_t count,
                         int64_t mono_ns, struct memory_snapshot *snapshot)
{
    uint64_t now_ms = ms_of(mono_ns);

    snapshot->void_gen = atomic_load(&m->segment->void_gen);
    snapshot->count = 0;
    snapshot->flags = 0;
    for (size_t i = 0; i < count; i++) {
        const struct tag_line *line = tag_line(m, slots[i]);
        uint64_t seq = tag_seq(line);

        snapshot->flags |= tag_flags(line, now_ms);
        if (snapshot->count < MEMORY_TAGS_MAX)
            snapshot->tags[snapshot->count++] =
                (struct memory_tag){.seq = seq, .slot = slots[i] & (MEMORY_TAG_SLOTS - 1)};
        else
            snapshot->flags |= MEMORY_TOO_MANY;
    }
    return snapshot->flags;
}

unsigned memory_check(const struct memory *m, const struct memory_snapshot *snapshot,
                      int64_t mono_ns)
{
    uint64_t now_ms = ms_of(mono_ns);
    unsigned flags = snapshot->flags;

    if (atomic_load_explicit(&m->segment->void_gen, memory_order_acquire) != snapshot->void_gen)
        flags |= MEMORY_MOVED;
    for (uint32_t i = 0; i < snapshot->count; i++) {
        const struct tag_line *line = tag_line(m, snapshot->tags[i].slot);

        if (tag_seq(line) != snapshot->tags[i].seq)
            flags |= MEMORY_MOVED;
        flags |= tag_flags(line, now_ms);
    }
    return flags;
}
