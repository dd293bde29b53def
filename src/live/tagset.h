/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_LIVE_TAGSET_H
#define LARDER_LIVE_TAGSET_H

#include <stdbool.h>

#include "memory/memory.h"

/* The tags that an answer depends on, each with the version that it had in the host's table before
 * the answer was asked for.  As long as none of them has another version, and none was fenced or
 * owed then, no write that was acknowledged is missing in the answer. */

enum { TAGSET_MAX = 128 }; /* a list of 100 ids, and who asks */

struct tagset {
    const struct memory *memory; /* borrowed */
    uint64_t void_gen;
    unsigned flags; /* enum memory_flags, of any of them */
    size_t count;
    struct memory_tag tags[TAGSET_MAX];
};

void tagset_init(struct tagset *set, const struct memory *memory);
/* Before the answer's look-up; one that is there already keeps its version.  One beyond TAGSET_MAX
 * sets MEMORY_TOO_MANY. */
void tagset_add(struct tagset *set, uint32_t slot);
/* Whether an acknowledged write may have been missed since. */
bool tagset_has_moved(const struct tagset *set);

#endif
