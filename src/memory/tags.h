/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_TAGS_H
#define LARDER_MEMORY_TAGS_H

#include "memory/segment.h"

/* What readers of records and memory.h's tag functions share. */

static inline struct tag_line *tag_line(const struct memory *m, uint32_t slot)
{
    return &m->tags[slot & (MEMORY_TAG_SLOTS - 1)];
}

static inline uint64_t tag_seq(const struct tag_line *line)
{
    return atomic_load_explicit(&line->seq, memory_order_acquire);
}

/* The same with stamps left out that cannot be a fence's, one of which there is. */
bool tag_has_real_fence(const struct tag_line *line, uint64_t now_ms);

/* Whether there is a fence.  Most often there is none, and then the latest stamp shows it. */
static inline bool tag_is_fenced(const struct tag_line *line, uint64_t now_ms)
{
    uint64_t latest = atomic_load_explicit(&line->overflow, memory_order_acquire);

    for (int i = 0; i < MEMORY_FENCES; i++) {
        uint64_t stamp = atomic_load_explicit(&line->fences[i], memory_order_acquire);

        latest = stamp > latest ? stamp : latest;
    }
    if (stamp_ms(latest) <= now_ms)
        return false;
    return stamp_ms(latest) <= now_ms + MEMORY_FENCE_MAX_MS || tag_has_real_fence(line, now_ms);
}

/* Whether the line is fenced or pending (enum memory_flags).  Its seq must have been loaded before:
 * segment_layout.h says why. */
static inline unsigned tag_flags(const struct tag_line *line, uint64_t now_ms)
{
    unsigned fenced = tag_is_fenced(line, now_ms) ? MEMORY_FENCED : 0u;
    uint64_t pending = atomic_load_explicit(&line->pending, memory_order_acquire);

    return fenced | ((pending & 1) != 0 ? MEMORY_PENDING : 0u);
}

#endif
