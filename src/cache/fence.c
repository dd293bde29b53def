/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "cache/key.h"
#include "cache/script.h"
#include "cache/state.h"

/* One write, from its fences to its acknowledgement:
 *
 *   table: fence, new sequence        before anybody else is asked
 *   Redis: fence, new versions        or a debt in MongoDB, then "owed" in the table
 *   MongoDB: the write                the caller's
 *   Redis: new versions, fence away   or the debt closed, or one made
 *   table: new sequence, fence away   last, so that this host's readers see the new versions
 */
struct write_state {
    struct cache *cache;
    struct cache_write *write;
    uint32_t *slots;
    uint32_t table_token;
    int64_t begun_ns; /* before anybody was asked */
    char token[VERSION_SIZE];
    bool fenced;   /* in Redis */
    bool indebted; /* a debt is open */
    struct debt debt;
};

static void table_fence(struct write_state *state)
{
    struct cache_write *write = state->write;
    int64_t now_ns = state->begun_ns = clock_mono_ns();
    char room[KEY_HASHED_MAX];

    state->table_token = memory_token(state->cache->memory);
    for (size_t i = 0; i < write->tag_count; i++) {
        state->slots[i] = memory_slot(key_name(write->tags[i], room));
        memory_fence(state->cache->memory, state->slots[i], state->table_token, now_ns,
                     now_ns + (int64_t)TABLE_FENCE_MS * 1000000);
    }
}

static void table_release(struct write_state *state)
{
    for (size_t i = 0; i < state->write->tag_count; i++)
        memory_release(state->cache->memory, state->slots[i], state->table_token);
}

static void state_free(struct write_state *state)
{
    state->write->state = NULL;
    free(state->slots);
    free(state);
}

/* Runs script_fence or script_release, which take the same keys. */
static void run(struct write_state *state, struct redis_script *script, redis_callback *callback)
{
    struct cache *cache = state->cache;
    struct cache_write *write = state->write;
    size_t tags = write->tag_count, args = 0;
    struct str base = cache_base(cache);
    struct str *argv;
    char *version;

    arena_reset(&cache->scratch);
    argv = arena_alloc(&cache->scratch, sizeof *argv * (3 * tags + 3));
    for (size_t i = 0; i < tags; i++) {
        argv[i] = key_make(&cache->scratch, base, STR("tag:"), write->tags[i]);
        argv[tags + i] = key_make(&cache->scratch, base, STR("fence:"), write->tags[i]);
    }
    argv[2 * tags + args++] = str_make(state->token, VERSION_SIZE);
    if (script == &script_fence)
        argv[2 * tags + args++] = STR("5000");
    _Static_assert(FENCE_MS == 5000 && TAG_TTL_MS == 86400000, "the texts say the same");
    argv[2 * tags + args++] = STR("86400000");
    for (size_t i = 0; i < tags; i++) {
        version = arena_alloc(&cache->scratch, VERSION_SIZE);
        cache_version(version);
        argv[2 * tags + args++] = str_make(version, VERSION_SIZE);
    }
    redis_script(cache->redis, script, argv, 2 * tags, argv + 2 * tags, args, callback, state);
}

/* --- Before --- */

/* The time counts from before the fence or the debt was asked for, not from its answer: a worker
 * that is stopped between the two must not write when neither stands any more. */
static void go(struct write_state *state)
{
    int64_t ms = state->indebted ? DEBT_SEND_BY_MS : SEND_BY_MS;

    state->write->send_by_ns = state->begun_ns + ms * 1000000;
    state->write->ready(state->write, ERR_OK);
}

static void on_opened(void *context, enum err err)
{
    struct write_state *state = context;
    struct cache_write *write = state->write;

    if (err == ERR_OK) {
        state->indebted = true;
        go(state);
        return;
    }
    /* Nothing was written, so nothing is owed: what may stand of the debt goes by its age. */
    table_release(state);
    state_free(state);
    write->ready(write, err == ERR_UNKNOWN ? ERR_UNAVAILABLE : err);
}

static void prepare_debt(struct write_state *state, void (*done)(void *context, enum err err))
{
    state->debt.cache = state->cache;
    state->debt.tags = state->write->tags;
    state->debt.tag_count = state->write->tag_count;
    state->debt.slots = state->slots;
    state->debt.done = done;
    state->debt.context = state;
}

static void on_fenced(void *context, enum err err, const struct redis_value *reply)
{
    struct write_state *state = context;

    (void)reply;
    if (err == ERR_OK) {
        state->fenced = true;
        go(state);
        return;
    }
    prepare_debt(state, on_opened);
    debt_open(&state->debt);
}

void cache_write_begin(struct cache *cache, struct cache_write *write)
{
    struct write_state *state = mem_zalloc(sizeof *state);

    state->cache = cache;
    state->write = write;
    state->slots = mem_array(write->tag_count, sizeof *state->slots);
    write->state = state;
    cache_version(state->token);
    table_fence(state);
    if (redis_ready(cache->redis)) {
        run(state, &script_fence, on_fenced);
    } else {
        redis_wake(cache->redis);
        prepare_debt(state, on_opened);
        debt_open(&state->debt);
    }
}

/* --- After --- */

static void finish(struct write_state *state, enum err err)
{
    struct cache_write *write = state->write;

    write->err = err;
    metric_inc(err != ERR_OK     ? METRIC_WRITES_UNKNOWN
               : state->indebted ? METRIC_WRITES_OWED
                                 : METRIC_WRITES_FENCED);
    state_free(state);
    write->done(write);
}

static void on_closed(void *context, enum err err)
{
    struct write_state *state = context;

    /* Neither Redis nor MongoDB could be told that it is over: the fence and the debt stand until
     * their time is up, and nobody may be told that the write is visible. */
    if (err == ERR_OK)
        table_release(state);
    finish(state, err == ERR_OK ? ERR_OK : ERR_UNKNOWN);
}

static void close_debt(struct write_state *state)
{
    if (!state->indebted)
        prepare_debt(state, on_closed);
    state->indebted = true;
    state->debt.done = on_closed;
    debt_close(&state->debt);
}

static void on_released(void *context, enum err err, const struct redis_value *reply)
{
    struct write_state *state = context;

    (void)reply;
    if (err != ERR_OK || state->indebted) {
        close_debt(state);
        return;
    }
    table_release(state);
    finish(state, ERR_OK);
}

void cache_write_end(struct cache_write *write, enum err outcome)
{
    struct write_state *state = write->state;

    if (outcome == ERR_UNKNOWN) {
        log_warn("cache", "the outcome of a write is unknown: its fence stands until it expires",
                 LOG_STR("tag", write->tags[0]));
        finish(state, ERR_UNKNOWN);
        return;
    }
    if (redis_ready(state->cache->redis))
        run(state, &script_release, on_released);
    else
        close_debt(state);
}
