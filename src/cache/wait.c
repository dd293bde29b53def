/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "cache/lookup.h"

/* Look-ups that a write of this host has fenced.  Most writes are over within milliseconds, and
 * what is asked then is kept and shared; a question that is asked under the fence takes MongoDB's
 * time from the very write, and its answer is thrown away. */

struct waits {
    struct cache *cache;
    struct lookup_state *first;
    uv_timer_t timer;
};

static void on_time(uv_timer_t *timer)
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
        uv_timer_start(&waits->timer, on_time, FENCE_STEP_MS, 0);
    return true;
}

/* --- Life --- */

struct waits *waits_new(struct cache *cache)
{
    struct waits *waits = mem_zalloc(sizeof *waits);

    waits->cache = cache;
    uv_timer_init(cache->loop, &waits->timer);
    waits->timer.data = waits;
    cache_handle_opened(cache);
    return waits;
}

static void on_closed(uv_handle_t *handle)
{
    cache_handle_closed(((struct waits *)handle->data)->cache);
}

void waits_stop(struct waits *waits)
{
    uv_close((uv_handle_t *)&waits->timer, on_closed);
}

void waits_free(struct waits *waits)
{
    free(waits);
}
