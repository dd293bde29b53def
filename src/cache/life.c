/* SPDX-License-Identifier: BSD-2-Clause */

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/random.h"
#include "cache/cache_state.h"
#include "cache/member.h"
#include "cache/script.h"
#include "redis/redis_trial.h"

enum { SCRATCH_SIZE = 16384, BORN_TTL_MS = 86400000, BASE_MAX = 240 };

struct cache *cache_new(uv_loop_t *loop, const struct cache_config *config, struct redis *redis,
                        struct mongo *mongo, struct memory *memory)
{
    struct cache *cache = mem_zalloc(sizeof *cache);

    cache->loop = loop;
    cache->redis = redis;
    cache->mongo = mongo;
    cache->memory = memory;
    arena_init(&cache->scratch, mem_alloc(SCRATCH_SIZE), SCRATCH_SIZE);
    buf_init(&cache->base, BASE_MAX);
    buf_init(&cache->head, ENTRY_HEAD_MAX);
    cache->seal = seal_new(config->prefix, config->secret);
    cache->prefix = mem_strndup(config->prefix.ptr, config->prefix.len);
    buf_str(&cache->base, config->prefix);
    buf_char(&cache->base, ':');
    cache->prefix_len = cache->base.len;
    lookups_init(cache);
    cache->member = member_new(cache, &(struct member_config){.beats = config->listens,
                                                              .prefix = config->prefix,
                                                              .redis = config->redis_name,
                                                              .mongo = config->mongo_name,
                                                              .sessions = config->sessions});
    cache->asks = asks_new(cache);
    cache->fills = fills_new(cache);
    cache->settler = settler_new(cache);
    cache->waits = waits_new(cache);
    cache->subscriber = subscriber_new(cache, config->listens);
    cache->reclaim = reclaim_new(cache);
    cache->gate = gate_new(cache, config->follows);
    cache->reaper = reaper_new(cache, config->listens);
    return cache;
}

void cache_handle_opened(struct cache *cache)
{
    cache->closing++;
}

void cache_handle_closed(struct cache *cache)
{
    cache->closing--;
    if (cache->closing == 0 && cache->stopped != NULL)
        cache->stopped(cache->stopped_context);
}

void cache_stop(struct cache *cache, void (*done)(void *context), void *context)
{
    cache->stopped = done;
    cache->stopped_context = context;
    cache_handle_opened(cache); /* so that the last one to close is this */
    member_stop(cache->member);
    reclaim_stop(cache->reclaim);
    subscriber_stop(cache->subscriber);
    settler_stop(cache->settler);
    fills_stop(cache->fills);
    asks_stop(cache->asks);
    waits_stop(cache->waits);
    gate_stop(cache->gate);
    reaper_stop(cache->reaper);
    cache_handle_closed(cache);
}

void cache_free(struct cache *cache)
{
    if (cache == NULL)
        return;
    member_free(cache->member);
    reclaim_free(cache->reclaim);
    subscriber_free(cache->subscriber);
    settler_free(cache->settler);
    fills_free(cache->fills);
    asks_free(cache->asks);
    waits_free(cache->waits);
    gate_free(cache->gate);
    reaper_free(cache->reaper);
    pool_free(&cache->states);
    seal_free(cache->seal);
    buf_free(&cache->head);
    buf_free(&cache->base);
    free(cache->prefix);
    arena_reset(&cache->scratch);
    free(cache->scratch.first);
    free(cache);
}

void cache_version(char text[static VERSION_SIZE])
{
    uint64_t version = random_u64() | 1;

    hex_encode(&version, sizeof version, text);
}

void cache_writer(uint32_t id, char text[static WRITER_SIZE])
{
    hex_encode(&id, sizeof id, text);
}

enum err cache_parse_version(struct str text, uint64_t *version)
{
    return hex_decode(text, version, sizeof *version);
}

void cache_count_detail(enum cache_detail detail)
{
    static const enum metric metrics[] = {
        [CACHE_DETAIL_NONE] = METRIC_MISS,
        [CACHE_DETAIL_STORED] = METRIC_MISS,
        [CACHE_DETAIL_COLLAPSED] = METRIC_COLLAPSED,
        [CACHE_DETAIL_REDIS_DOWN] = METRIC_BYPASS_REDIS_DOWN,
        [CACHE_DETAIL_APART] = METRIC_BYPASS_REDIS_DOWN,
        [CACHE_DETAIL_READ_ONLY] = METRIC_MISS,
        [CACHE_DETAIL_WRITE_FENCE] = METRIC_BYPASS_FENCE,
        [CACHE_DETAIL_PENDING] = METRIC_BYPASS_PENDING,
        [CACHE_DETAIL_YOUNG] = METRIC_BYPASS_YOUNG,
        [CACHE_DETAIL_TOO_LARGE] = METRIC_MISS,
        [CACHE_DETAIL_STALE] = METRIC_HIT_STALE,
        [CACHE_DETAIL_STALE_IF_ERROR] = METRIC_STALE_IF_ERROR,
    };

    metric_inc(metrics[detail]);
}

/* --- What Redis is: its epoch and its age --- */

void cache_ask_born(struct cache *cache, bool early, redis_callback *callback, void *context)
{
    struct str key, life;

    arena_reset(&cache->scratch);
    key = cache_key(cache, KEY_BORN, STR(""));
    life = arena_decimal(&cache->scratch, BORN_TTL_MS);
    (early ? redis_script_early : redis_script)(cache->redis, &script_born, &key, 1, &life, 1,
                                                callback, context);
}

void cache_take_born(struct cache *cache, enum err err, const struct redis_value *reply)
{
    int64_t now_ms;

    if (err != ERR_OK || str_int(redis_str(redis_item(reply, 0)), 0, INT64_MAX, &now_ms) != ERR_OK)
        return;
    cache->redis_ms = now_ms;
    cache->redis_seen_ns = clock_mono_ns();
    if (str_int(redis_str(redis_item(reply, 1)), 0, INT64_MAX, &cache->since_ms) != ERR_OK)
        cache->since_ms = now_ms;
}

/* Counted from when the reply came, so never more than Redis' clock now. */
static int64_t redis_clock(const struct cache *cache, int64_t mono_ns)
{
    return cache->redis_ms + (mono_ns - cache->redis_seen_ns) / 1000000;
}

bool cache_is_young(const struct cache *cache, struct str born, int64_t mono_ns)
{
    int64_t born_ms;

    return str_int(born, 0, INT64_MAX, &born_ms) != ERR_OK ||
           redis_clock(cache, mono_ns) - born_ms < YOUNG_MS;
}

bool cache_keeps(const struct cache *cache, int64_t age_ms)
{
    int64_t now_ns = clock_mono_ns();

    if (!memory_lease_valid(cache->memory, now_ns) && !cache_trusts_redis(cache))
        return false;
    return redis_clock(cache, now_ns) - cache->since_ms > age_ms;
}

static void take_epoch(struct cache *cache, struct str run, struct str suffix)
{
    struct str known = str_from_offset(cache_base(cache), cache->prefix_len);
    struct str epoch = ARENA_JOIN(&cache->scratch, run, suffix);

    if (known.len == epoch.len + 1 && str_starts(known, epoch))
        return;
    if (known.len > 0)
        log_info("cache", "new epoch: what Redis held before is out of reach",
                 LOG_STR("epoch", epoch));
    cache->lost_ns = 0;
    cache->epoch++;
    cache->base.len = cache->prefix_len;
    buf_str(&cache->base, epoch);
    buf_char(&cache->base, ':');
    subscriber_renew(cache->subscriber);
    reclaim_start(cache->reclaim);
}

uint64_t cache_epoch(const struct cache *cache)
{
    return cache->epoch;
}

/* MongoDB was away when the last connection was lost (a ping had failed by then), and still is: as
 * little can have been written since as if that connection had lasted. */
static bool has_missed_nothing(const struct cache *cache)
{
    int64_t away_ns = mongo_away_ns(cache->mongo);

    return away_ns != 0 && away_ns <= cache->lost_ns;
}

static void on_looked(struct cache *cache, uint64_t generation, enum err err)
{
    bool missed_nothing;

    /* Another connection may be in preparation, and its epoch not be known yet. */
    if (generation != redis_generation(cache->redis))
        return;
    missed_nothing = has_missed_nothing(cache);
    if (missed_nothing)
        gate_pass(cache->gate);
    cache->pending_known = err == ERR_OK || missed_nothing;
    if (!cache->pending_known)
        log_warn("cache",
                 "pending invalidations cannot be read: nothing is answered from Redis until then",
                 LOG_ERR(err));
    redis_prepared(cache->redis, ERR_OK);
}

/* What a command ended with that must come before all others. */
static void give_up(struct cache *cache, enum err err)
{
    if (err == ERR_DENIED || err == ERR_PROTOCOL)
        redis_reset(cache->redis, redis_refusal(cache->redis));
    else
        redis_prepared(cache->redis, err);
}

static void on_born(void *context, enum err err, const struct redis_value *reply)
{
    struct cache *cache = context;

    if (err != ERR_OK) {
        give_up(cache, err);
        return;
    }
    cache_take_born(cache, err, reply);
    settler_look(cache->settler, on_looked);
}

static void on_member(struct cache *cache, enum err err, struct str suffix)
{
    if (err != ERR_OK) {
        give_up(cache, err);
        return;
    }
    arena_reset(&cache->scratch);
    take_epoch(cache, str_from(cache->run), suffix);
    cache_ask_born(cache, true, on_born, cache);
}

/* Nothing is read from a Redis, or stored there, that refuses a part of it: half a fence is none.
 */
static void on_tried(void *context, enum err err, const char *why)
{
    struct cache *cache = context;

    if (err == ERR_OK)
        member_connect(cache->member, str_from(cache->run), on_member);
    else if (err == ERR_DENIED)
        redis_reset(cache->redis, why);
    else
        redis_prepared(cache->redis, err);
}

static void on_info(void *context, enum err err, const struct redis_value *reply)
{
    struct cache *cache = context;
    struct str epoch;

    if (err != ERR_OK) {
        give_up(cache, err);
    } else if (redis_is_cluster(redis_str(reply))) {
        redis_reset(cache->redis, redis_cluster_text);
    } else if (key_epoch(redis_str(reply), &epoch) != ERR_OK) {
        redis_reset(cache->redis, "INFO tells no run_id");
    } else {
        snprintf(cache->run, sizeof cache->run, "%.*s", (int)epoch.len, epoch.ptr);
        redis_try(cache->redis, str_from(cache->prefix), on_tried, cache);
    }
}

void cache_redis_connect(struct cache *cache, struct redis *redis)
{
    cache->pending_known = false;
    gate_connected(cache->gate);
    redis_command_early(redis, 2, (const struct str[]){STR("INFO"), STR("server")}, on_info, cache);
}

void cache_redis_state(struct cache *cache, struct redis *redis)
{
    if (redis_ready(redis))
        return;
    if (cache->pending_known)
        cache->lost_ns = clock_mono_ns();
    cache->pending_known = false;
}

/* --- Whether it is of use --- */

static void on_tried_again(void *context, enum err err, const char *why)
{
    struct cache *cache = context;

    cache->trying = false;
    if (err == ERR_DENIED)
        redis_reset(cache->redis, why);
}

void cache_redis_refused(struct cache *cache, struct redis *redis)
{
    if (cache->trying)
        return;
    cache->trying = true;
    redis_try(redis, str_from(cache->prefix), on_tried_again, cache);
}

struct str cache_reason(const struct cache *cache)
{
    struct str reason = str_from(redis_reason(cache->redis));

    if (reason.len > 0)
        return reason;
    if (!redis_ready(cache->redis))
        return STR("connecting");
    return subscriber_refusal(cache->subscriber);
}

void cache_join(struct cache *cache)
{
    member_join(cache->member);
}

enum cache_agreement cache_agreement(const struct cache *cache)
{
    static const enum cache_agreement of[] = {
        [MEMBER_UNKNOWN] = CACHE_UNASKED, [MEMBER_ALONE] = CACHE_NO_ANSWER,
        [MEMBER_SUSPECT] = CACHE_WAITING, [MEMBER_FINE] = CACHE_AGREED,
        [MEMBER_APART] = CACHE_APART,
    };

    return of[member_verdict(cache->member)];
}

struct str cache_apart(const struct cache *cache)
{
    return member_reason(cache->member);
}

bool cache_is_changing(const struct cache *cache)
{
    return member_is_changing(cache->member);
}
