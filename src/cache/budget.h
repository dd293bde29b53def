/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_BUDGET_H
#define LARDER_CACHE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "cache/cache.h"

/* What clients make up (ids, tokens, categories) is not there, and asking for it must not fill
 * Redis.  Answers that say so are counted, by kind: beyond BUDGET_MAX in BUDGET_MS, a look-up whose
 * tags are not in Redis leaves nothing there until its answer has been seen.  What is there then is
 * remembered, and is kept when it is asked for again. */

enum { BUDGET_MAX = 1000, BUDGET_MS = 30000, BUDGET_KNOWN = 4096 };

enum budget_kind { BUDGET_ITEMS, BUDGET_GUESSES, BUDGET_LISTS, BUDGET_KINDS };

struct budget {
    struct {
        int64_t since_ms;
        unsigned used;
    } kinds[BUDGET_KINDS];
    uint64_t known[BUDGET_KNOWN]; /* hashes of names that are there */
};

/* Whether a name may leave something in Redis before it is known to be there; hash is the name's.
 */
bool budget_admits(struct budget *budget, const struct cache_class *class, uint64_t hash,
                   int64_t now_ms);
/* What came of it.  false: it is absent, and there are enough of these. */
bool budget_take(struct budget *budget, const struct cache_class *class, uint64_t hash, bool absent,
                 int64_t now_ms);

#endif
