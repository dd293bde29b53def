/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_CALLS_H
#define LARDER_REDIS_REDIS_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "redis/redis_reply.h"

/* Inside of redis/: commands of one connection that wait for their answer.  Redis answers in order,
 * and all commands have the same time: so this queue is also that of their deadlines.  An answer is
 * late when nothing has come from Redis for that time, or when all of it is not there after a few
 * times as long.  Neither what this process did instead of sending the command counts, nor a while
 * in which its loop stood still: a connection that is given up costs the host its memory. */

struct redis_call {
    void *owner;
    redis_callback *callback;
    void *context;
    struct redis_call *next;
    uint64_t sent_ms;
};

struct redis_calls {
    uint64_t time_ms; /* that each has */
    struct redis_call *first, *last;
    struct redis_call *unsent; /* the first of those that were not flushed yet */
    struct pool pool;
};

void redis_calls_init(struct redis_calls *calls, uint64_t time_ms);
/* A new one, not yet in the queue: then add it, or drop it. */
struct redis_call *redis_calls_new(struct redis_calls *calls);
void redis_calls_add(struct redis_calls *calls, struct redis_call *call);
void redis_calls_drop(struct redis_calls *calls, struct redis_call *call);
/* Takes the first one, which is this, out of the queue and returns what it was. */
struct redis_call redis_calls_take(struct redis_calls *calls, struct redis_call *first);
/* All have been sent now. */
void redis_calls_sent(struct redis_calls *calls, uint64_t now_ms);
/* When the first one is late, if nothing arrives after heard_ms. */
uint64_t redis_calls_deadline(const struct redis_calls *calls, uint64_t heard_ms);
/* Of none in the queue. */
void redis_calls_free(struct redis_calls *calls);

#endif
