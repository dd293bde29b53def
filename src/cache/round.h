/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_ROUND_H
#define LARDER_CACHE_ROUND_H

#include "base/arena.h"
#include "cache/state.h"
#include "store/mongo.h"

/* One look at the debts, on a thread of MongoDB's pool, and what is then made of it (payer.c). */

struct listed {
    struct oid id;
    bool settled, closed, gone; /* settled: may be deleted once its tags are paid */
    size_t tag_at, tag_count;   /* in round.tags */
};

/* What all debts are owed to, however many there are. */
struct owed {
    bool slots[MEMORY_TAG_SLOTS];
};

struct mark {
    uint32_t slot;
    uint64_t generation;
};

struct round {
    struct mongo_job job;
    struct payer *payer;
    struct cache *cache;
    struct arena arena;
    uint64_t generation; /* of Redis' connection when it began */
    int64_t now_ms;      /* by MongoDB's clock */
    struct listed *listed;
    size_t count, size, deleted;
    bool more;         /* than are listed: their tags are in owed alone */
    struct owed *owed; /* NULL: nothing */
    struct str *tags;
    size_t tag_count, tag_size;
    struct str *dues; /* the tags, each once */
    size_t due_count, paid;
    struct mark *marks;
    size_t mark_count;
    void (*looked)(struct cache *cache, uint64_t generation, enum err err);
};

struct round *round_new(struct payer *payer, struct cache *cache);
void round_free(void *round);
/* A job's work: notes the tags of all debts and, unless it only looks, lists DEBTS_MAX. */
enum err round_list(struct mongo_db *db, void *round);

#endif
