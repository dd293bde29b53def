/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_CALLS_H
#define LARDER_REDIS_REDIS_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "redis/redis_reply.h"

/* Inside of redis/: the commands of one connection that wait for a reply. Redis replies in order
 * and all commands have the same timeout, so the queue is sorted by deadline. A reply is late if
 * nothing arrived from Redis for the timeout, or if it is incomplete after several times as long.
 * Time before the command was sent does not count, nor does time in which the loop was blocked,
 * since a dropped connection voids the host's memory. */

struct redis_call {
    void *owner;
    redis_callback *callback;
    void *context;
    struct redis_call *next;
    uint64_t sent_ms;
};

struct redis_calls {
    uint64_t time_ms; /* timeout of each */
    struct redis_call *first, *last;
    struct redis_call *unsent; /* the first of those that were not flushed yet */
    struct pool pool;
};

void redis_calls_init(struct redis_calls *calls, uint64_t time_ms);
/* Returns a new call, not yet in the queue. Add it or drop it. */
struct redis_call *redis_calls_new(struct redis_calls *calls);
void redis_calls_add(struct redis_calls *calls, struct redis_call *call);
void redis_calls_drop(struct redis_calls *calls, struct redis_call *call);
/* Removes the first call, which must be this one, and returns a copy. */
struct redis_call redis_calls_take(struct redis_calls *calls, struct redis_call *first);
/* Marks all calls as sent. */
void redis_calls_sent(struct redis_calls *calls, uint64_t now_ms);
/* When the first call becomes late if nothing arrives after heard_ms. */
uint64_t redis_calls_deadline(const struct redis_calls *calls, uint64_t heard_ms);
/* The queue must be empty. */
void redis_calls_free(struct redis_calls *calls);

#endif
