/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_STRIPE_H
#define LARDER_MEMORY_STRIPE_H

#include "memory/segment.h"

/* A part of the record memory with a lock of its own for writers, and what stays in it when it is
 * full: S3-FIFO (Yang, Zhang, Qiu, Yue, Vinayak: "FIFO queues are all you need for cache eviction",
 * SOSP 2023), whose queues are rings here.  A new record goes into the small ring, a tenth of the
 * memory; at its end it moves to the main ring when it was hit twice, else it leaves, and its key
 * is remembered.  A key that comes back soon goes straight to the main ring, where each hit, up to
 * three, buys one more round.  So a scan that asks for everything once passes through the tenth.
 * Unlike there, the rings are of fixed sizes, so what leaves the small one goes to the main one too
 * while there is room that nothing else could use: before its first round, and after a void. */

/* Tries for about a microsecond; false when another has it.  A lock whose holder was killed is
 * taken over: its stripe is sound at any instruction. */
bool stripe_lock(struct stripe *stripe);
/* The same, waiting: for tools. */
bool stripe_lock_wait(struct stripe *stripe);
void stripe_unlock(struct stripe *stripe);

/* Under the lock.  The record must be within units_max.  A stripe whose rings a wild write has hit
 * is emptied first. */
void stripe_store(struct memory *m, struct stripe *stripe, const struct record *record,
                  const struct memory_item *item);

#endif
