/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/budget.h"

static enum budget_kind kind_of(const struct cache_class *class)
{
    return class->negative ? BUDGET_ITEMS : class->guessed ? BUDGET_GUESSES : BUDGET_LISTS;
}

/* How many there are in this window. */
static unsigned *used(struct budget *budget, const struct cache_class *class, int64_t now_ms)
{
    enum budget_kind kind = kind_of(class);

    if (now_ms - budget->kinds[kind].since_ms >= BUDGET_MS) {
        budget->kinds[kind].since_ms = now_ms;
        budget->kinds[kind].used = 0;
    }
    return &budget->kinds[kind].used;
}

bool budget_admits(struct budget *budget, const struct cache_class *class, uint64_t hash,
                   int64_t now_ms)
{
    return *used(budget, class, now_ms) < BUDGET_MAX || budget->known[hash % BUDGET_KNOWN] == hash;
}

bool budget_take(struct budget *budget, const struct cache_class *class, uint64_t hash, bool absent,
                 int64_t now_ms)
{
    if (absent)
        return (*used(budget, class, now_ms))++ < BUDGET_MAX;
    budget->known[hash % BUDGET_KNOWN] = hash;
    return true;
}
