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

/* Whether the line is fenced or owed (enum memory_flags).  Its seq must have been loaded before:
 * layout.h says why. */
static inline unsigned tag_flags(const struct tag_line *line, uint64_t now_ms)
{
    uint64_t latest = atomic_load_explicit(&line->overflow, memory_order_acquire);
    uint64_t owed;

    for (int i = 0; i < MEMORY_FENCES; i++) {
        uint64_t stamp = atomic_load_explicit(&line->fences[i], memory_order_acquire);

        latest = stamp > latest ? stamp : latest;
    }
    owed = atomic_load_explicit(&line->owed, memory_order_acquire);
    return (stamp_ms(latest) > now_ms ? MEMORY_FENCED : 0u) | ((owed & 1) != 0 ? MEMORY_OWED : 0u);
}

#endif
