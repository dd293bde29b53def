/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis_calls.h"

enum {
    KEPT = 64,
    WHOLE_TIMES = 4 /* an answer that keeps coming has so many times a command's time */
};

void redis_calls_init(struct redis_calls *calls, uint64_t time_ms)
{
    *calls = (struct redis_calls){.time_ms = time_ms,
                                  .pool = POOL_INIT(sizeof(struct redis_call), KEPT)};
}

struct redis_call *redis_calls_new(struct redis_calls *calls)
{
    struct redis_call *call = pool_take(&calls->pool);

    *call = (struct redis_call){0};
    return call;
}

void redis_calls_add(struct redis_calls *calls, struct redis_call *call)
{
    if (calls->last != NULL)
        calls->last->next = call;
    else
        calls->first = call;
    calls->last = call;
    if (calls->unsent == NULL)
        calls->unsent = call;
}

void redis_calls_drop(struct redis_calls *calls, struct redis_call *call)
{
    pool_put(&calls->pool, call);
}

struct redis_call redis_calls_take(struct redis_calls *calls, struct redis_call *first)
{
    struct redis_call call = *first;

    calls->first = call.next;
    if (calls->unsent == first)
        calls->unsent = call.next;
    if (calls->first == NULL)
        calls->last = NULL;
    pool_put(&calls->pool, first);
    return call;
}

void redis_calls_sent(struct redis_calls *calls, uint64_t now_ms)
{
    for (; calls->unsent != NULL; calls->unsent = calls->unsent->next)
        calls->unsent->sent_ms = now_ms;
}

uint64_t redis_calls_deadline(const struct redis_calls *calls, uint64_t heard_ms)
{
    uint64_t sent_ms = calls->first->sent_ms, last_ms = sent_ms + WHOLE_TIMES * calls->time_ms;
    uint64_t silent_ms = (heard_ms > sent_ms ? heard_ms : sent_ms) + calls->time_ms;

    return silent_ms < last_ms ? silent_ms : last_ms;
}

void redis_calls_free(struct redis_calls *calls)
{
    pool_free(&calls->pool);
}
