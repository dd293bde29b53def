/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_SEGMENT_H
#define LARDER_MEMORY_SEGMENT_H

#include "memory/layout.h"
#include "memory/ring.h"

/* A handle: this process's view of the segment.  Inside memory/ only. */

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
    /* Counted here first, so that hits of several processes do not share a line. */
    _Atomic uint64_t counters[COUNTERS];
    _Atomic uint32_t unflushed;
};

static inline struct stripe *memory_stripe(struct memory *m, uint64_t hash)
{
    return &m->stripes[hash >> 60 & (m->stripe_count - 1)];
}

/* Counts one; shown to others a few hundred at a time. */
void memory_count(struct memory *m, enum counter counter);
/* Shows what was counted. */
void memory_flush(struct memory *m);

#endif
