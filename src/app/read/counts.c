/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/counts.h"

#include <float.h>
#include <stdlib.h>

#include "app/read/json_text.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/mem.h"

enum { SLOTS_FIRST = 64 };

struct counts {
    struct arena arena;
    size_t size, most;
    struct counts_item *items;
    uint64_t *groups; /* by items: the last one that was counted */
    size_t count, room;
    uint32_t *slots; /* 1 + the item's index, or 0; a power of two, twice the room */
};

struct counts *counts_new(size_t most)
{
    struct counts *counts = mem_zalloc(sizeof *counts);

    counts->most = most;
    arena_init(&counts->arena, NULL, 0);
    return counts;
}

void counts_free(struct counts *counts)
{
    if (counts == NULL)
        return;
    arena_reset(&counts->arena);
    free(counts->items);
    free(counts->groups);
    free(counts->slots);
    free(counts);
}

/* --- Adding --- */

static uint32_t *counts_slot(const struct counts *counts, struct str json)
{
    size_t mask = 2 * counts->room - 1;
    size_t at = (size_t)hash64(json.ptr, json.len) & mask;

    while (counts->slots[at] != 0 && !str_eq(counts->items[counts->slots[at] - 1].json, json))
        at = (at + 1) & mask;
    return &counts->slots[at];
}

static void counts_grow(struct counts *counts)
{
    counts->room = counts->room == 0 ? SLOTS_FIRST / 2 : 2 * counts->room;
    counts->items = mem_realloc(counts->items, counts->room * sizeof *counts->items);
    counts->groups = mem_realloc(counts->groups, counts->room * sizeof *counts->groups);
    free(counts->slots);
    counts->slots = mem_zalloc(2 * counts->room * sizeof *counts->slots);
    for (size_t i = 0; i < counts->count; i++)
        *counts_slot(counts, counts->items[i].json) = (uint32_t)i + 1;
}

enum err counts_add(struct counts *counts, uint64_t group, struct str json, int64_t count)
{
    uint32_t *slot;
    size_t i;

    if (counts->count == counts->room)
        counts_grow(counts);
    slot = counts_slot(counts, json);
    if (*slot == 0) {
        counts->size += json.len + sizeof *counts->items + sizeof *counts->groups;
        if (counts->size > counts->most)
            return ERR_TOO_LARGE;
        counts->items[counts->count] = (struct counts_item){arena_str(&counts->arena, json), 0};
        counts->groups[counts->count] = 0;
        *slot = (uint32_t)++counts->count;
    }
    i = *slot - 1;
    if (counts->groups[i] != group)
        counts->items[i].count += count;
    counts->groups[i] = group;
    return ERR_OK;
}

/* --- The order --- */

enum rank { RANK_BOOL, RANK_NUMBER, RANK_TEXT, RANK_OTHER, RANK_NULL };

static enum rank rank_of(struct str json)
{
    switch (json.len > 0 ? json.ptr[0] : 'n') {
    case 'f':
    case 't': return RANK_BOOL;
    case '"': return RANK_TEXT;
    case '{':
    case '[': return RANK_OTHER;
    case 'n': return RANK_NULL;
    default: return RANK_NUMBER;
    }
}

static int number_cmp(struct str a, struct str b)
{
    double one = 0, other = 0;

    (void)str_double(a, -DBL_MAX, DBL_MAX, &one);
    (void)str_double(b, -DBL_MAX, DBL_MAX, &other);
    return one < other ? -1 : one > other ? 1 : str_cmp(a, b);
}

/* UTF-8 sorts as its code points do. */
static int text_cmp(struct str a, struct str b)
{
    struct str one = str_make(a.ptr + 1, a.len - 2), other = str_make(b.ptr + 1, b.len - 2);

    while (one.len > 0 && other.len > 0) {
        unsigned x = json_next_byte(&one), y = json_next_byte(&other);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return (one.len > 0) - (other.len > 0);
}

static int by_count(const void *a, const void *b)
{
    const struct counts_item *one = a, *other = b;
    enum rank rank = rank_of(one->json), against = rank_of(other->json);

    if (one->count != other->count)
        return one->count > other->count ? -1 : 1;
    if (rank != against)
        return rank < against ? -1 : 1;
    if (rank == RANK_NUMBER)
        return number_cmp(one->json, other->json);
    return rank == RANK_TEXT ? text_cmp(one->json, other->json) : str_cmp(one->json, other->json);
}

size_t counts_top(struct counts *counts, size_t limit, const struct counts_item **items)
{
    if (counts->count > 0)
        qsort(counts->items, counts->count, sizeof *counts->items, by_count);
    *items = counts->items;
    return counts->count < limit ? counts->count : limit;
}
