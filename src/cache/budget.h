/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_BUDGET_H
#define LARDER_CACHE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "cache/cache.h"

/* Bounds what invented names (ids, tokens, categories) can store in Redis. Absences are counted by
 * kind: after BUDGET_MAX of them in BUDGET_MS, a look-up whose tags are not in Redis stores nothing
 * before its answer is known. Names that turn out to exist are remembered, and are cached when they
 * are asked for again. */

enum { BUDGET_MAX = 1000, BUDGET_MS = 30000, BUDGET_KNOWN = 4096 };

enum budget_kind { BUDGET_ITEMS, BUDGET_GUESSES, BUDGET_LISTS, BUDGET_KINDS };

struct budget {
    struct {
        int64_t since_ms;
        unsigned used;
    } kinds[BUDGET_KINDS];
    uint64_t known[BUDGET_KNOWN]; /* hashes of names that exist */
};

/* Whether a look-up may store something in Redis before the name is known to exist. hash: of the
 * name.
 */
bool budget_admits(struct budget *budget, const struct cache_class *class, uint64_t hash,
                   int64_t now_ms);
/* Records the outcome. Returns false if the name is absent and the budget is used up: store
 * nothing. */
bool budget_take(struct budget *budget, const struct cache_class *class, uint64_t hash, bool absent,
                 int64_t now_ms);

#endif
