/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/tagset.h"

#include "base/clock.h"

void tagset_init(struct tagset *set, const struct memory *memory)
{
    struct memory_snapshot snapshot;

    (void)memory_snapshot(memory, NULL, 0, clock_mono_ns(), &snapshot);
    set->memory = memory;
    set->void_gen = snapshot.void_gen;
    set->flags = 0;
    set->count = 0;
}

static bool tagset_has(const struct tagset *set, uint32_t slot)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->tags[i].slot == slot)
            return true;
    return false;
}

void tagset_add(struct tagset *set, uint32_t slot)
{
    struct memory_snapshot snapshot;

    slot &= MEMORY_TAG_SLOTS - 1;
    if (tagset_has(set, slot))
        return;
    if (set->count == TAGSET_MAX) {
        set->flags |= MEMORY_TOO_MANY;
        return;
    }
    set->flags |= memory_snapshot(set->memory, &slot, 1, clock_mono_ns(), &snapshot);
    set->tags[set->count++] = snapshot.tags[0];
}

bool tagset_has_moved(const struct tagset *set)
{
    struct memory_snapshot snapshot;
    int64_t now_ns = clock_mono_ns();

    for (size_t i = 0; i < set->count; i++) {
        (void)memory_snapshot(set->memory, &set->tags[i].slot, 1, now_ns, &snapshot);
        if (snapshot.tags[0].seq != set->tags[i].seq)
            return true;
    }
    (void)memory_snapshot(set->memory, NULL, 0, now_ns, &snapshot);
    return snapshot.void_gen != set->void_gen;
}
