/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/slots.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

struct slot {
    uint32_t number;
    uint32_t place; /* in the list */
    uint64_t seq;   /* when it was looked at last */
    struct tie *first;
};

struct slots {
    const struct memory *memory;
    uint64_t void_gen;
    struct slot **by_number; /* MEMORY_TAG_SLOTS of them, most of them NULL */
    struct slot **list;
    size_t count, room;
};

struct slots *slots_new(const struct memory *memory)
{
    struct slots *slots = mem_zalloc(sizeof *slots);

    slots->memory = memory;
    slots->by_number = mem_array(MEMORY_TAG_SLOTS, sizeof(struct slot *));
    (void)slots_were_voided(slots);
    return slots;
}

void slots_free(struct slots *slots)
{
    if (slots == NULL)
        return;
    free(slots->by_number);
    free(slots->list);
    free(slots);
}

static uint64_t seq_of(const struct slots *slots, uint32_t number, int64_t now_ns)
{
    struct memory_snapshot snapshot;

    (void)memory_snapshot(slots->memory, &number, 1, now_ns, &snapshot);
    return snapshot.tags[0].seq;
}

static struct slot *slot_take(struct slots *slots, const struct memory_tag *tag)
{
    struct slot **at = &slots->by_number[tag->slot];

    if (*at != NULL)
        return *at;
    if (slots->count == slots->room) {
        slots->room = slots->room == 0 ? 64 : 2 * slots->room;
        slots->list = mem_realloc(slots->list, slots->room * sizeof(struct slot *));
    }
    *at = mem_zalloc(sizeof **at);
    (*at)->number = tag->slot;
    (*at)->place = (uint32_t)slots->count;
    (*at)->seq = tag->seq;
    slots->list[slots->count++] = *at;
    return *at;
}

static void slot_put(struct slots *slots, struct slot *slot)
{
    struct slot *last = slots->list[slots->count - 1];

    if (slot->first != NULL)
        return;
    last->place = slot->place;
    slots->list[slot->place] = last;
    slots->count--;
    slots->by_number[slot->number] = NULL;
    free(slot);
}

struct tie *slots_tie(struct slots *slots, struct watch *watch, const struct tagset *set)
{
    struct tie *ties = set->count > 0 ? mem_array(set->count, sizeof *ties) : NULL;

    for (size_t i = 0; i < set->count; i++) {
        struct slot *slot = slot_take(slots, &set->tags[i]);
        struct tie *tie = &ties[i];
        *tie = (struct tie){.watch = watch,
                            .slot = slot,
                            .next = slot->first,
                            .link = &slot->first,
                            .seq = set->tags[i].seq};
        if (slot->first != NULL)
            slot->first->link = &tie->next;
        slot->first = tie;
    }
    return ties;
}

void slots_untie(struct slots *slots, struct tie *ties, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        *ties[i].link = ties[i].next;
        if (ties[i].next != NULL)
            ties[i].next->link = ties[i].link;
        slot_put(slots, ties[i].slot);
    }
    free(ties);
}

void slots_poll(struct slots *slots, void (*moved)(struct watch *watch))
{
    int64_t now_ns = clock_mono_ns();

    for (size_t i = 0; i < slots->count; i++) {
        struct slot *slot = slots->list[i];
        uint64_t seq = seq_of(slots, slot->number, now_ns);
        if (seq == slot->seq)
            continue;
        slot->seq = seq;
        for (struct tie *tie = slot->first; tie != NULL; tie = tie->next)
            if (tie->seq != seq)
                moved(tie->watch);
    }
}

bool slots_have_stayed(const struct slots *slots, const struct tie *ties, size_t count)
{
    int64_t now_ns = clock_mono_ns();

    for (size_t i = 0; i < count; i++)
        if (seq_of(slots, ties[i].slot->number, now_ns) != ties[i].seq)
            return false;
    return true;
}

bool slots_were_voided(struct slots *slots)
{
    struct memory_snapshot snapshot;
    bool voided;

    (void)memory_snapshot(slots->memory, NULL, 0, clock_mono_ns(), &snapshot);
    voided = snapshot.void_gen != slots->void_gen;
    slots->void_gen = snapshot.void_gen;
    return voided;
}
