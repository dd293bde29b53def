/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "cache/cache_state.h"
#include "cache/key.h"
#include "redis/redis_listener.h"

/* One worker of a host, its listener, subscribes to other hosts' writes and keeps the lease,
 * without which no worker believes shared memory.  The others wait, and take over when its claim
 * expires. */
struct subscriber {
    struct cache *cache;
    uv_timer_t timer;
    struct redis_listener *hearing; /* NULL: standing by */
    struct memory_lease lease;
    struct buf prefix; /* of the tags' names */
    int64_t refused_until_ms;
    struct buf refusal; /* why Redis would not let this worker listen; empty: it did, or has not
                           been asked */
};

enum {
    TICK_MS = 100,
    BEAT_MS = 10,
    LEASE_MS = 50,
    CLAIM_MS = 1000,
    REFUSED_MS = 3000, /* after a server that knows no tracking, or gives no right to it */
    REFUSAL_MAX = 256,
    CHANNEL_MAX = 128
};
_Static_assert(LEASE_MS <= CLAIM_MS && CLAIM_MS <= (int)MEMORY_LEASE_MAX_MS,
               "else they would be ignored");

static int64_t ns(int64_t ms)
{
    return ms * 1000000;
}

static void give_up(struct subscriber *subscriber)
{
    struct redis_listener *hearing = subscriber->hearing;

    if (hearing == NULL)
        return;
    subscriber->hearing = NULL;
    memory_lease_release(subscriber->cache->memory, &subscriber->lease);
    redis_listener_stop(hearing);
}

static void void_all(struct subscriber *subscriber)
{
    memory_void(subscriber->cache->memory);
    metric_inc(METRIC_MEMORY_VOIDED);
}

static void on_subscribed(void *context)
{
    struct subscriber *subscriber = context;

    /* Subscribed first, void second, lease last: what was stored before this moment may have been
     * overtaken while no worker listened. */
    void_all(subscriber);
    buf_reset(&subscriber->refusal);
    log_info("memory", "this worker listens for the writes of other hosts");
}

static void on_key(void *context, struct str key)
{
    struct subscriber *subscriber = context;
    struct str tag = str_from_offset(key, subscriber->prefix.len);

    if (str_eq(tag, KEY_TAG_ALL))
        void_all(subscriber);
    else
        memory_bump(subscriber->cache->memory, memory_slot(tag));
    metric_inc(METRIC_INVALIDATIONS);
}

static void on_born(void *context, enum err err, const struct redis_value *reply)
{
    cache_take_born(context, err, reply);
}

static void on_flush(void *context)
{
    struct subscriber *subscriber = context;

    void_all(subscriber);
    cache_ask_born(subscriber->cache, false, on_born, subscriber->cache); /* its youth begins now */
}

static void on_subscriber_beat(void *context, int64_t sent_ns)
{
    struct subscriber *subscriber = context;
    struct memory *memory = subscriber->cache->memory;

    if (!memory_lease_keep(memory, &subscriber->lease, clock_mono_ns(), ns(CLAIM_MS)) ||
        !memory_lease_renew(memory, &subscriber->lease, sent_ns + ns(LEASE_MS)))
        give_up(subscriber);
}

/* A line when it is refused for another reason than before, not each time that it is tried. */
static void take_refusal(struct subscriber *subscriber, const char *why)
{
    struct str text = str_from(why);

    subscriber->refused_until_ms = clock_mono_ms() + REFUSED_MS;
    if (str_eq(text, buf_view(&subscriber->refusal)))
        return;
    buf_reset(&subscriber->refusal);
    buf_str(&subscriber->refusal, text);
    log_warn("memory", "Redis does not send other hosts' writes: shared memory is off",
             LOG_STR("reason", text));
}

static void on_lost(void *context, enum err reason, const char *why)
{
    struct subscriber *subscriber = context;

    if (reason == ERR_UNSUPPORTED)
        take_refusal(subscriber, why);
    else
        log_info("memory", "writes of other hosts no longer arrive", LOG_ERR(reason));
    give_up(subscriber);
}

static const struct redis_listener_events events = {.on_subscribed = on_subscribed,
                                                    .on_key = on_key,
                                                    .on_flush = on_flush,
                                                    .on_beat = on_subscriber_beat,
                                                    .on_lost = on_lost};

static void subscriber_start(struct subscriber *subscriber)
{
    struct cache *cache = subscriber->cache;
    struct buf channel = BUF_INIT(CHANNEL_MAX);
    struct str prefix;
    struct redis_listener_config config = {.prefixes = &prefix,
                                           .prefix_count = 1,
                                           .beat_ms = BEAT_MS,
                                           .events = &events,
                                           .context = subscriber};

    buf_reset(&subscriber->prefix);
    buf_str(&subscriber->prefix, cache_base(cache));
    buf_str(&subscriber->prefix, KEY_TAG);
    prefix = buf_view(&subscriber->prefix);
    buf_str(&channel, str_from(cache->prefix));
    buf_literal(&channel, ":beat:");
    config.beat_channel = buf_view(&channel);
    subscriber->hearing = redis_listener_start(cache->redis, &config);
    buf_free(&channel);
}

static void on_subscriber_tick(uv_timer_t *timer)
{
    struct subscriber *subscriber = timer->data;
    struct cache *cache = subscriber->cache;

    if (subscriber->hearing != NULL) {
        /* Redis may be slow to answer beats; the claim is kept as long as we try. */
        if (!memory_lease_keep(cache->memory, &subscriber->lease, clock_mono_ns(), ns(CLAIM_MS)))
            give_up(subscriber);
        return;
    }
    if (!redis_ready(cache->redis) || clock_mono_ms() < subscriber->refused_until_ms)
        return;
    if (memory_lease_acquire(cache->memory, clock_mono_ns(), ns(CLAIM_MS), &subscriber->lease))
        subscriber_start(subscriber);
}

static void on_subscriber_timer_closed(uv_handle_t *handle)
{
    cache_handle_closed(((struct subscriber *)handle->data)->cache);
}

struct subscriber *subscriber_new(struct cache *cache, bool listens)
{
    struct subscriber *subscriber = mem_zalloc(sizeof *subscriber);

    subscriber->cache = cache;
    buf_init(&subscriber->prefix, EPOCH_MAX + 160);
    buf_init(&subscriber->refusal, REFUSAL_MAX);
    uv_timer_init(cache->loop, &subscriber->timer);
    subscriber->timer.data = subscriber;
    cache_handle_opened(cache);
    if (listens)
        uv_timer_start(&subscriber->timer, on_subscriber_tick, 0, TICK_MS);
    return subscriber;
}

void subscriber_renew(struct subscriber *subscriber)
{
    give_up(subscriber);
}

void subscriber_stop(struct subscriber *subscriber)
{
    give_up(subscriber);
    uv_close((uv_handle_t *)&subscriber->timer, on_subscriber_timer_closed);
}

void subscriber_free(struct subscriber *subscriber)
{
    if (subscriber == NULL)
        return;
    buf_free(&subscriber->prefix);
    buf_free(&subscriber->refusal);
    free(subscriber);
}

struct str subscriber_refusal(const struct subscriber *subscriber)
{
    bool heard = memory_item_max(subscriber->cache->memory) == 0 ||
                 memory_lease_valid(subscriber->cache->memory, clock_mono_ns());

    return heard ? STR("") : buf_view(&subscriber->refusal);
}
