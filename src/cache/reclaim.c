/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/random.h"
#include "cache/cache_state.h"
#include "cache/lock.h"

/* Takes back the room of entries of earlier epochs, which a Redis that came back with a snapshot
 * still holds and nobody can reach.  Never needed for correctness, so it is slow on purpose: one
 * SCAN of 100 keys and one UNLINK at a time, and one worker at a time. */
struct reclaim {
    struct cache *cache;
    uv_timer_t timer;
    struct lock lock;
    struct buf cursor, pattern;
    bool running;
    uint64_t removed;
};

enum {
    FIRST_MS = 2000,
    PACE_MS = 10,
    LOCKED_MS = 60000, /* never given back */
    CURSOR_MAX = 32,
    PATTERN_MAX = 256,
    RUN_ID_SIZE = 40
};

static void step(uv_timer_t *timer);

static struct str base_prefix(const struct cache *cache)
{
    return str_make(cache->base.ptr, cache->prefix_len);
}

/* "<prefix>:<40 hex digits>:…" or "…-<what an epoch adds>:…" of another epoch than this one's. */
static bool is_left_over(const struct cache *cache, struct str key)
{
    struct str prefix = base_prefix(cache);
    struct str rest = str_from_offset(key, prefix.len);

    if (!str_starts(key, prefix) || str_starts(key, cache_base(cache)) || rest.len <= RUN_ID_SIZE)
        return false;
    for (size_t i = 0; i < RUN_ID_SIZE; i++)
        if (!isxdigit((unsigned char)rest.ptr[i]))
            return false;
    return rest.ptr[RUN_ID_SIZE] == ':' || rest.ptr[RUN_ID_SIZE] == '-';
}

static void stop_run(struct reclaim *reclaim)
{
    if (reclaim->running && reclaim->removed > 0)
        log_info("cache", "room of earlier epochs taken back", LOG_INT("keys", reclaim->removed));
    reclaim->running = false;
}

static void on_unlinked(void *context, enum err err, const struct redis_value *reply)
{
    struct reclaim *reclaim = context;
    uint64_t count = err == ERR_OK ? (uint64_t)redis_int(reply) : 0;

    reclaim->removed += count;
    metric_add(METRIC_RECLAIMED, count);
}

static void unlink_left_overs(struct reclaim *reclaim, const struct redis_value *keys)
{
    struct cache *cache = reclaim->cache;
    size_t count = redis_count(keys), argc = 1;
    struct str *argv;

    arena_reset(&cache->scratch);
    argv = arena_alloc(&cache->scratch, sizeof *argv * (count + 1));
    argv[0] = STR("UNLINK");
    for (size_t i = 0; i < count; i++)
        if (is_left_over(cache, redis_str(redis_item(keys, i))))
            argv[argc++] = redis_str(redis_item(keys, i));
    if (argc > 1)
        redis_command(cache->redis, argc, argv, on_unlinked, reclaim);
}

static void on_scanned(void *context, enum err err, const struct redis_value *reply)
{
    struct reclaim *reclaim = context;
    struct str cursor = redis_str(redis_item(reply, 0));

    if (err == ERR_OK)
        unlink_left_overs(reclaim, redis_item(reply, 1));
    if (err != ERR_OK || cursor.len == 0 || str_eq(cursor, STR("0"))) {
        stop_run(reclaim);
        return;
    }
    buf_reset(&reclaim->cursor);
    buf_str(&reclaim->cursor, cursor);
    if (!uv_is_closing((uv_handle_t *)&reclaim->timer))
        uv_timer_start(&reclaim->timer, step, PACE_MS, 0);
}

static void scan(struct reclaim *reclaim)
{
    redis_command(reclaim->cache->redis, 6,
                  (const struct str[]){STR("SCAN"), buf_view(&reclaim->cursor), STR("MATCH"),
                                       buf_view(&reclaim->pattern), STR("COUNT"), STR("100")},
                  on_scanned, reclaim);
}

static void on_locked(struct lock *lock, enum err err)
{
    if (err == ERR_OK)
        scan(lock->context);
    else
        stop_run(lock->context);
}

static void step(uv_timer_t *timer)
{
    struct reclaim *reclaim = timer->data;
    struct str base = cache_base(reclaim->cache);

    if (reclaim->running) {
        scan(reclaim);
        return;
    }
    reclaim->running = true;
    reclaim->removed = 0;
    buf_reset(&reclaim->cursor);
    buf_literal(&reclaim->cursor, "0");
    base.len--; /* its colon: the lock brings one */
    lock_init(&reclaim->lock, reclaim->cache->redis, base, STR("reclaim"), LOCKED_MS);
    reclaim->lock.done = on_locked;
    reclaim->lock.context = reclaim;
    lock_acquire(&reclaim->lock);
}

void reclaim_start(struct reclaim *reclaim)
{
    if (!reclaim->running)
        uv_timer_start(&reclaim->timer, step, (uint64_t)random_jitter(FIRST_MS, 0.5), 0);
}

static void make_pattern(struct buf *pattern, struct str prefix)
{
    for (size_t i = 0; i < prefix.len; i++) {
        if (strchr("*?[]\\^", prefix.ptr[i]) != NULL)
            buf_char(pattern, '\\');
        buf_char(pattern, prefix.ptr[i]);
    }
    buf_char(pattern, '*');
}

static void on_reclaim_timer_closed(uv_handle_t *handle)
{
    cache_handle_closed(((struct reclaim *)handle->data)->cache);
}

struct reclaim *reclaim_new(struct cache *cache)
{
    struct reclaim *reclaim = mem_zalloc(sizeof *reclaim);

    reclaim->cache = cache;
    buf_init(&reclaim->cursor, CURSOR_MAX);
    buf_init(&reclaim->pattern, PATTERN_MAX);
    make_pattern(&reclaim->pattern, base_prefix(cache));
    uv_timer_init(cache->loop, &reclaim->timer);
    reclaim->timer.data = reclaim;
    cache_handle_opened(cache);
    return reclaim;
}

void reclaim_stop(struct reclaim *reclaim)
{
    uv_close((uv_handle_t *)&reclaim->timer, on_reclaim_timer_closed);
}

void reclaim_free(struct reclaim *reclaim)
{
    if (reclaim == NULL)
        return;
    buf_free(&reclaim->cursor);
    buf_free(&reclaim->pattern);
    free(reclaim);
}
