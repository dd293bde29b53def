/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_LIVE_SLOTS_H
#define LARDER_LIVE_SLOTS_H

#include "live/tagset.h"

/* The slots of the host's table of tags that watches depend on. A slot is polled once, however many
 * watches depend on it. */

struct slots;
struct slot;
struct watch;

/* A watch's dependency on a slot, at a version. */
struct tie {
    struct watch *watch;
    struct slot *slot;
    struct tie *next, **link; /* of the same slot */
    uint64_t seq;
};

struct slots *slots_new(const struct memory *memory);
/* Call when no tie is left. */
void slots_free(struct slots *slots);
/* Returns a tie for each tag of the set, in one allocation; end with slots_untie(). */
struct tie *slots_tie(struct slots *slots, struct watch *watch, const struct tagset *set);
void slots_untie(struct slots *slots, struct tie *ties, size_t count);
/* Calls moved() for each tie whose slot has a new version, once per version. */
void slots_poll(struct slots *slots, void (*moved)(struct watch *watch));
/* Whether all slots still have the versions of these ties. */
bool slots_have_stayed(const struct slots *slots, const struct tie *ties, size_t count);
/* Whether the whole memory was voided since the last call. */
bool slots_were_voided(struct slots *slots);

#endif
