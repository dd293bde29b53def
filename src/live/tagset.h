/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_LIVE_TAGSET_H
#define LARDER_LIVE_TAGSET_H

#include <stdbool.h>

#include "memory/memory.h"

/* The tags that an answer depends on, each with the version that it had in the host's table before
 * the answer was asked for.  As long as none of the versions changes, and none of the tags was
 * fenced or pending then, the answer includes every acknowledged write. */

enum { TAGSET_MAX = 128 }; /* a list of 100 ids, and the visitor */

struct tagset {
    const struct memory *memory; /* borrowed */
    uint64_t void_gen;
    unsigned flags; /* enum memory_flags, of any of them */
    size_t count;
    struct memory_tag tags[TAGSET_MAX];
};

void tagset_init(struct tagset *set, const struct memory *memory);
/* Adds a tag before the answer's look-up. A tag that is present keeps its version; one beyond
 * TAGSET_MAX sets MEMORY_TOO_MANY. */
void tagset_add(struct tagset *set, uint32_t slot);
/* Whether an acknowledged write may have been missed since. */
bool tagset_has_moved(const struct tagset *set);

#endif
