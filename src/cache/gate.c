/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cache/cache_state.h"
#include "cache/script.h"

/* The follower moves the tags of what other programs wrote while Redis was away when Redis is back:
 * until then what Redis holds is no answer.  Without a follower it is open again after
 * GATE_MOST_MS. */

enum { GATE_STEP_MS = 50, GATE_MOST_MS = 4000, GATE_START_MS = 1500 };

struct gate {
    struct cache *cache;
    uv_timer_t timer;
    bool used, closed;
    bool again;       /* this is not the first connection */
    int64_t since_ms; /* what was written before that is to be seen first; Redis' clock, 0 until it
                         is known */
    int64_t until_ms; /* monotonic: it opens then in any case */
};

static void gate_open(struct gate *gate)
{
    gate->closed = false;
    gate->again = true;
    uv_timer_stop(&gate->timer);
}

/* Redis may have stood still until the connection; what a worker that starts finds is no older than
 * for those that run. */
static bool gate_is_seen(struct gate *gate, const struct redis_value *reply)
{
    int64_t now_ms, at_ms;

    if (redis_count(reply) != 2 ||
        str_int(redis_str(redis_item(reply, 0)), 0, INT64_MAX, &now_ms) != ERR_OK)
        return false;
    if (gate->since_ms == 0)
        gate->since_ms = gate->again ? now_ms : now_ms - GATE_START_MS;
    return str_int(redis_str(redis_item(reply, 1)), 0, INT64_MAX, &at_ms) != ERR_OK ||
           at_ms >= gate->since_ms;
}

static void gate_told(void *context, enum err err, const struct redis_value *reply)
{
    struct gate *gate = context;

    if (gate->closed && err == ERR_OK && gate_is_seen(gate, reply))
        gate_open(gate);
}

static void gate_ask(uv_timer_t *timer)
{
    struct gate *gate = timer->data;
    struct cache *cache = gate->cache;
    struct str key;

    if (clock_mono_ms() >= gate->until_ms) {
        log_warn("cache", "no follower has run since Redis is back: what other programs wrote "
                          "meanwhile shows at the end of the TTL");
        gate_open(gate);
        return;
    }
    if (!redis_ready(cache->redis))
        return;
    arena_reset(&cache->scratch);
    key = ARENA_JOIN(&cache->scratch, str_from(cache->prefix), STR(":" CACHE_FOLLOW_STATE));
    redis_script(cache->redis, &script_gate, &key, 1, NULL, 0, gate_told, gate);
}

void gate_connected(struct gate *gate)
{
    if (!gate->used || uv_is_closing((uv_handle_t *)&gate->timer))
        return;
    gate->closed = true;
    gate->since_ms = 0;
    gate->until_ms = clock_mono_ms() + GATE_MOST_MS;
    uv_timer_start(&gate->timer, gate_ask, 1, GATE_STEP_MS);
}

void gate_pass(struct gate *gate)
{
    if (gate->closed)
        gate_open(gate);
}

bool gate_is_open(const struct gate *gate)
{
    return !gate->closed;
}

/* --- Life --- */

struct gate *gate_new(struct cache *cache, bool used)
{
    struct gate *gate = mem_zalloc(sizeof *gate);

    gate->cache = cache;
    gate->used = used;
    uv_timer_init(cache->loop, &gate->timer);
    gate->timer.data = gate;
    cache_handle_opened(cache);
    return gate;
}

static void gate_closed(uv_handle_t *handle)
{
    cache_handle_closed(((struct gate *)handle->data)->cache);
}

void gate_stop(struct gate *gate)
{
    uv_close((uv_handle_t *)&gate->timer, gate_closed);
}

void gate_free(struct gate *gate)
{
    free(gate);
}
