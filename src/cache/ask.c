/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/metrics.h"
#include "cache/lookup.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/trace.h"
#include "cache/turn.h"

enum { BATCHES_KEPT = 16, BATCH_MAX = 128, ARGS_A_LOOKUP = 1 + 2 * ENTRY_TAGS_MAX };

struct batch {
    struct asks *all;
    size_t count;
    struct lookup_state *states[BATCH_MAX];
};

struct asks {
    struct cache *cache;
    struct pool batches;
    struct batch *open; /* of this turn of the loop; NULL: none yet */
    struct turn turn;
};

/* --- MGET --- */

/* Adds entry and tags, and fences, of one look-up. */
static size_t put_keys(struct lookup_state *state, struct str *argv, size_t count)
{
    struct cache *cache = state->cache;
    struct cache_lookup *lookup = state->lookup;

    state->at = count - 1; /* the command's name has no reply */
    argv[count++] = cache_key(cache, KEY_ENTRY, lookup->name);
    for (size_t i = 0; i < lookup->tag_count; i++)
        argv[count++] = cache_key(cache, KEY_TAG, lookup->tags[i]);
    for (size_t i = 0; i < lookup->tag_count && state->fences_asked; i++)
        argv[count++] = cache_key(cache, KEY_FENCE, lookup->tags[i]);
    return count;
}

/* An earlier look-up of the same name: a name decides the tags. */
static const struct lookup_state *find_same(struct lookup_state *const *states, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (lookup_is_same(states[j], states[i]))
            return states[j];
    return NULL;
}

static void send_mget(struct cache *cache, struct lookup_state *const *states, size_t state_count,
                      bool fences, redis_callback *callback, void *context)
{
    struct str argv[2 + BATCH_MAX * ARGS_A_LOOKUP];
    struct trace *before = trace_enter(NULL); /* each look-up has its own */
    int64_t now_ns = clock_mono_ns();
    size_t count = 0;

    arena_reset(&cache->scratch);
    argv[count++] = STR("MGET");
    for (size_t i = 0; i < state_count; i++) {
        const struct lookup_state *same = find_same(states, i);
        states[i]->generation = redis_generation(cache->redis);
        states[i]->fences_asked = fences;
        states[i]->asked_ns = now_ns;
        if (same != NULL)
            states[i]->at = same->at;
        else
            count = put_keys(states[i], argv, count);
    }
    argv[count++] = cache_key(cache, KEY_BORN, STR(""));
    redis_command(cache->redis, count, argv, callback, context);
    trace_leave(before);
}

void asks_again(struct lookup_state *state, redis_callback *callback, void *context)
{
    send_mget(state->cache, &state, 1, true, callback, context);
}

/* --- Gathering --- */

static void on_reply(void *context, enum err err, const struct redis_value *reply)
{
    struct batch *batch = context;

    for (size_t i = 0; i < batch->count; i++) {
        struct trace *before = trace_enter(batch->states[i]->trace);

        lookup_take(batch->states[i], err, reply);
        trace_leave(before);
    }
    pool_put(&batch->all->batches, batch);
}

static void flush(void *context)
{
    struct asks *all = context;
    struct batch *batch = all->open;

    all->open = NULL;
    if (batch != NULL)
        send_mget(all->cache, batch->states, batch->count, false, on_reply, batch);
}

void asks_gather(struct asks *all, struct lookup_state *state)
{
    if (all->open == NULL) {
        all->open = pool_take(&all->batches);
        all->open->all = all;
        all->open->count = 0;
        turn_begin(&all->turn);
    }
    all->open->states[all->open->count++] = state;
    if (all->open->count == BATCH_MAX) {
        turn_end(&all->turn);
        flush(all);
    }
}

/* --- Life --- */

struct asks *asks_new(struct cache *cache)
{
    struct asks *all = mem_zalloc(sizeof *all);

    all->cache = cache;
    all->batches = POOL_INIT(sizeof(struct batch), BATCHES_KEPT);
    turn_init(&all->turn, cache->loop, flush, all);
    cache_handle_opened(cache);
    return all;
}

static void on_ask_closed(void *context)
{
    cache_handle_closed(((struct asks *)context)->cache);
}

void asks_stop(struct asks *all)
{
    flush(all);
    turn_close(&all->turn, on_ask_closed);
}

void asks_free(struct asks *all)
{
    pool_free(&all->batches);
    free(all);
}

/* --- Waiting for a write of this host --- */

/* Look-ups that a write of this host has fenced.  Most writes are over within milliseconds, and
 * what is asked then is kept and shared; a question that is asked under the fence takes MongoDB's
 * time from the very write, and its answer is thrown away. */

struct waits {
    struct cache *cache;
    struct lookup_state *first;
    uv_timer_t timer;
};

static void on_wait_time(uv_timer_t *timer)
{
    struct waits *waits = timer->data;
    struct lookup_state *first = waits->first;

    waits->first = NULL;
    lookup_each(first, lookup_again);
}

bool waits_join(struct waits *waits, struct lookup_state *state)
{
    int64_t now_ms = clock_mono_ms();

    if (state->patient_until_ms == 0) {
        state->patient_until_ms = now_ms + FENCE_WAIT_MS;
        metric_inc(METRIC_WAITS);
    }
    if (now_ms >= state->patient_until_ms)
        return false;
    state->next = waits->first;
    waits->first = state;
    if (!uv_is_active((uv_handle_t *)&waits->timer))
        uv_timer_start(&waits->timer, on_wait_time, FENCE_STEP_MS, 0);
    return true;
}

struct waits *waits_new(struct cache *cache)
{
    struct waits *waits = mem_zalloc(sizeof *waits);

    waits->cache = cache;
    uv_timer_init(cache->loop, &waits->timer);
    waits->timer.data = waits;
    cache_handle_opened(cache);
    return waits;
}

static void on_wait_closed(uv_handle_t *handle)
{
    cache_handle_closed(((struct waits *)handle->data)->cache);
}

void waits_stop(struct waits *waits)
{
    uv_close((uv_handle_t *)&waits->timer, on_wait_closed);
}

void waits_free(struct waits *waits)
{
    free(waits);
}
