/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "cache/key.h"
#include "cache/state.h"
#include "store/redis_listener.h"

/* One worker of a host hears of other hosts' writes and keeps the lease, without which nobody
 * believes shared memory.  The others stand by and take over when its claim runs out. */
struct listener {
    struct cache *cache;
    uv_timer_t timer;
    struct redis_listener *hearing; /* NULL: standing by */
    struct memory_lease lease;
    struct buf prefix; /* of the tags' names */
    int64_t refused_until_ms;
};

enum {
    TICK_MS = 100,
    BEAT_MS = 10,
    LEASE_MS = 50,
    CLAIM_MS = 1000,
    REFUSED_MS = 60000, /* after a server that knows no tracking */
    CHANNEL_MAX = 128
};

static int64_t ns(int64_t ms)
{
    return ms * 1000000;
}

static void give_up(struct listener *listener)
{
    struct redis_listener *hearing = listener->hearing;

    if (hearing == NULL)
        return;
    listener->hearing = NULL;
    memory_lease_release(listener->cache->memory, &listener->lease);
    redis_listener_stop(hearing);
}

static void void_all(struct listener *listener)
{
    memory_void(listener->cache->memory);
    metric_inc(METRIC_MEMORY_VOIDED);
}

static void on_subscribed(void *context)
{
    struct listener *listener = context;

    /* Subscribed first, void second, lease last: what was stored before this moment may have been
     * overtaken while nobody listened. */
    void_all(listener);
    log_info("memory", "this worker hears the writes of other hosts");
}

static void on_key(void *context, struct str key)
{
    struct listener *listener = context;
    struct str tag = str_from_offset(key, listener->prefix.len);

    if (str_eq(tag, KEY_TAG_ALL))
        void_all(listener);
    else
        memory_bump(listener->cache->memory, memory_slot(tag));
    metric_inc(METRIC_INVALIDATIONS);
}

static void on_flush(void *context)
{
    struct listener *listener = context;

    void_all(listener);
    cache_ask_born(listener->cache, false, redis_ignore, NULL); /* its youth begins now */
}

static void on_beat(void *context, int64_t sent_ns)
{
    struct listener *listener = context;
    struct memory *memory = listener->cache->memory;

    if (!memory_lease_keep(memory, &listener->lease, clock_mono_ns(), ns(CLAIM_MS)) ||
        !memory_lease_renew(memory, &listener->lease, sent_ns + ns(LEASE_MS)))
        give_up(listener);
}

static void on_lost(void *context, enum err reason)
{
    struct listener *listener = context;

    if (reason == ERR_UNSUPPORTED) {
        listener->refused_until_ms = clock_mono_ms() + REFUSED_MS;
        log_warn("memory", "Redis refuses CLIENT TRACKING: shared memory is off");
    } else {
        log_info("memory", "writes of other hosts are no longer heard", LOG_ERR(reason));
    }
    give_up(listener);
}

static const struct redis_listener_events events = {.on_subscribed = on_subscribed,
                                                    .on_key = on_key,
                                                    .on_flush = on_flush,
                                                    .on_beat = on_beat,
                                                    .on_lost = on_lost};

static void start(struct listener *listener)
{
    struct cache *cache = listener->cache;
    struct buf channel = BUF_INIT(CHANNEL_MAX);
    struct str prefix;
    struct redis_listener_config config = {.prefixes = &prefix,
                                           .prefix_count = 1,
                                           .beat_ms = BEAT_MS,
                                           .events = &events,
                                           .context = listener};

    buf_reset(&listener->prefix);
    buf_str(&listener->prefix, cache_base(cache));
    buf_str(&listener->prefix, KEY_TAG);
    prefix = buf_view(&listener->prefix);
    buf_str(&channel, str_from(cache->prefix));
    buf_literal(&channel, ":beat:");
    config.beat_channel = buf_view(&channel);
    listener->hearing = redis_listener_start(cache->redis, &config);
    buf_free(&channel);
}

static void on_tick(uv_timer_t *timer)
{
    struct listener *listener = timer->data;
    struct cache *cache = listener->cache;

    if (listener->hearing != NULL) {
        /* Redis may be slow to answer beats; the claim is kept as long as we try. */
        if (!memory_lease_keep(cache->memory, &listener->lease, clock_mono_ns(), ns(CLAIM_MS)))
            give_up(listener);
        return;
    }
    if (!redis_ready(cache->redis) || clock_mono_ms() < listener->refused_until_ms)
        return;
    if (memory_lease_acquire(cache->memory, clock_mono_ns(), ns(CLAIM_MS), &listener->lease))
        start(listener);
}

static void on_timer_closed(uv_handle_t *handle)
{
    cache_handle_closed(((struct listener *)handle->data)->cache);
}

struct listener *listener_new(struct cache *cache, bool listens)
{
    struct listener *listener = mem_zalloc(sizeof *listener);

    listener->cache = cache;
    buf_init(&listener->prefix, EPOCH_MAX + 160);
    uv_timer_init(cache->loop, &listener->timer);
    listener->timer.data = listener;
    cache_handle_opened(cache);
    if (listens && memory_item_max(cache->memory) > 0)
        uv_timer_start(&listener->timer, on_tick, 0, TICK_MS);
    return listener;
}

void listener_stop(struct listener *listener)
{
    give_up(listener);
    uv_close((uv_handle_t *)&listener->timer, on_timer_closed);
}

void listener_free(struct listener *listener)
{
    if (listener == NULL)
        return;
    buf_free(&listener->prefix);
    free(listener);
}
