/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_LIVE_SLOTS_H
#define LARDER_LIVE_SLOTS_H

#include "live/tagset.h"

/* The slots of the host's table of tags that watches depend on: each is looked at once, however
 * many depend on it. */

struct slots;
struct slot;
struct watch;

/* That a watch depends on a slot, in this version. */
struct tie {
    struct watch *watch;
    struct slot *slot;
    struct tie *next, **link; /* of the same slot */
    uint64_t seq;
};

struct slots *slots_new(const struct memory *memory);
/* When no tie is left. */
void slots_free(struct slots *slots);
/* A tie to each tag of the set, in one piece of memory for slots_untie(). */
struct tie *slots_tie(struct slots *slots, struct watch *watch, const struct tagset *set);
void slots_untie(struct slots *slots, struct tie *ties, size_t count);
/* Calls moved() for each tie whose slot has another version now; once a version. */
void slots_poll(struct slots *slots, void (*moved)(struct watch *watch));
/* Whether all of these slots have the version of their ties. */
bool slots_have_stayed(const struct slots *slots, const struct tie *ties, size_t count);
/* Whether all was voided since this was asked last. */
bool slots_were_voided(struct slots *slots);

#endif
