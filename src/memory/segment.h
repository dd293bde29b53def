/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_SEGMENT_H
#define LARDER_MEMORY_SEGMENT_H

#include "memory/layout.h"
#include "memory/ring.h"

/* Inside of memory/.  A handle: this process's view of the segment. */

struct stripe {
    struct stripe_line *line;
    struct bucket *buckets;
    struct ghost *ghosts;
    uint32_t bucket_count, ghost_count;
    struct ring rings[RINGS];
};

struct memory {
    int fd; /* holds the shared lock */
    void *base;
    size_t size;
    struct segment *segment;
    struct tag_line *tags;
    uint64_t bytes;
    uint32_t units_max;    /* of a record */
    uint32_t stripe_count; /* 0 without record memory; a power of two */
    struct stripe stripes[MEMORY_STRIPES_MAX];
};

/* Whether the stamp is further ahead than who sets one may go.  now_ms may be old, when who read it
 * was stopped since: the clock is asked once more before a stamp is thrown away. */
bool stamp_is_bogus(uint64_t stamp, uint64_t now_ms, uint64_t max_ms);

static inline struct stripe *memory_stripe(struct memory *m, uint64_t hash)
{
    return &m->stripes[hash >> 60 & (m->stripe_count - 1)];
}

#endif
