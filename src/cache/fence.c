/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "cache/cache_state.h"
#include "cache/key.h"
#include "cache/script.h"
#include "cache/total.h"
#include "cache/written.h"

/* One write, from its fences to its acknowledgement:
 *
 *   table: fence, new sequence        before anybody else is asked
 *   Redis: fence, new versions        or pending in MongoDB, then in the table
 *   MongoDB: the write                the caller's
 *   Redis: new versions, fence away   or closed in MongoDB, or made there
 *   table: new sequence, fence away   last, so that this host's readers see the new versions
 */
struct write_state {
    struct cache *cache;
    struct cache_write *write;
    uint32_t *slots;
    uint32_t table_token;
    int64_t begun_ns; /* before anybody was asked */
    char token[VERSION_SIZE];
    bool is_pending; /* in MongoDB */
    struct pending pending;
    struct carried *carried;
    char kept[VERSION_SIZE]; /* what the fence gives the tag of the item that is kept */
    bool alone;              /* nobody else was writing to that, nor had since it was read */
};

static void table_fence(struct write_state *state)
{
    struct cache_write *write = state->write;
    int64_t now_ns = state->begun_ns = clock_mono_ns();

    state->table_token = memory_token(state->cache->memory);
    for (size_t i = 0; i < write->tag_count; i++) {
        state->slots[i] = key_slot(write->tags[i]);
        memory_fence(state->cache->memory, state->slots[i], state->table_token, now_ns,
                     now_ns + (int64_t)FENCE_MS * 1000000);
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
    free(state->carried);
    free(state);
}

/* --- The scripts --- */

/* What one run of a script is given. */
struct call {
    struct arena *arena;
    struct str *keys, *args;
    size_t key_count, arg_count;
};

static void put_key(struct call *call, struct cache *cache, struct str kind, struct str name)
{
    call->keys[call->key_count++] = cache_key(cache, kind, name);
}

static void put_arg(struct call *call, struct str arg)
{
    call->args[call->arg_count++] = arg;
}

static void put_number(struct call *call, uint64_t number)
{
    put_arg(call, arena_decimal(call->arena, number));
}

enum { FIXED_ARGS = 4, TOTAL_ARGS = 4 };
_Static_assert(3 * CACHE_WRITE_TAGS_MAX + FIXED_ARGS +
                       (1 + TOTAL_ARGS) * (CACHE_WRITE_TOTALS_MAX + 1) <=
                   REDIS_SCRIPT_ARGS_MAX,
               "the largest write fits into a script's keys and arguments");

/* With room for so many entries. */
static struct call call_new(struct cache *cache, const struct cache_write *write, size_t totals)
{
    size_t tags = write->tag_count;
    struct call call = {.arena = &cache->scratch};

    arena_reset(call.arena);
    call.keys = arena_alloc(call.arena, (2 * tags + totals) * sizeof(struct str));
    call.args =
        arena_alloc(call.arena, (FIXED_ARGS + tags + TOTAL_ARGS * totals) * sizeof(struct str));
    return call;
}

/* Keys and arguments that both scripts begin with, new versions among them. */
static void put_tags(struct call *call, const struct write_state *state)
{
    const struct cache_write *write = state->write;
    size_t tags = write->tag_count;

    for (size_t i = 0; i < tags; i++)
        put_key(call, state->cache, KEY_TAG, write->tags[i]);
    for (size_t i = 0; i < tags; i++)
        put_key(call, state->cache, KEY_FENCE, write->tags[i]);
    put_arg(call, str_make(state->token, VERSION_SIZE));
    put_number(call, FENCE_MS);
    put_number(call, TAG_TTL_MS);
    put_number(call, tags);
    for (size_t i = 0; i < tags; i++) {
        char *version = arena_alloc(call->arena, VERSION_SIZE);
        cache_version(version);
        put_arg(call, str_make(version, VERSION_SIZE));
    }
}

/* The version that put_tags has given to a tag. */
static struct str new_version(const struct call *call, size_t tag)
{
    return call->args[FIXED_ARGS + tag];
}

static void put_total(struct call *call, struct cache *cache, const struct cache_total *total)
{
    put_key(call, cache, KEY_ENTRY, total->name);
    put_number(call, total->tag + 1);
}

/* Behind the totals.  script_fence gives a key's value with a positive number, and none with a
 * negative one. */
static void ask_written(struct write_state *state, struct call *call)
{
    struct cache_written *written = state->write->written;

    struct str tag = arena_decimal(call->arena, written->tag + 1);

    if (written->made_tag.len > 0) {
        put_key(call, state->cache, KEY_TAG, written->made_tag);
        put_arg(call, tag);
    } else {
        put_key(call, state->cache, KEY_ENTRY, written->name);
        put_arg(call, ARENA_JOIN(call->arena, STR("-"), tag));
    }
    memcpy(state->kept, new_version(call, written->tag).ptr, VERSION_SIZE);
}

static void put_written(struct write_state *state, struct call *call)
{
    struct cache_written *written = state->write->written;
    uint64_t version = 0;
    struct str sealed;
    int64_t life_ms;

    (void)cache_parse_version(new_version(call, written->tag), &version);
    if (!written_after(state->cache, written, version, state->begun_ns / 1000000, &sealed,
                       &life_ms))
        return;
    put_key(call, state->cache, KEY_ENTRY, written->name);
    put_number(call, written->tag + 1);
    put_arg(call, str_make(state->kept, VERSION_SIZE));
    put_arg(call, sealed);
    put_number(call, (uint64_t)life_ms);
}

static bool keeps(const struct cache_write *write)
{
    return write->written != NULL && cache_written_is_kept(write->written);
}

static void run_fence(struct write_state *state, redis_callback *callback)
{
    const struct cache_write *write = state->write;
    struct call call = call_new(state->cache, write, write->total_count + 1);

    put_tags(&call, state);
    for (size_t i = 0; i < write->total_count; i++) {
        put_total(&call, state->cache, &write->totals[i]);
        memcpy(state->carried[i].fenced, new_version(&call, write->totals[i].tag).ptr,
               VERSION_SIZE);
    }
    if (keeps(write))
        ask_written(state, &call);
    redis_script(state->cache->redis, &script_fence, call.keys, call.key_count, call.args,
                 call.arg_count, callback, state);
}

/* carry: totals and the item, too. */
static void run_release(struct write_state *state, bool carry, redis_callback *callback)
{
    const struct cache_write *write = state->write;
    size_t totals = carry ? write->total_count : 0;
    struct call call = call_new(state->cache, write, totals + 1);

    put_tags(&call, state);
    for (size_t i = 0; i < totals; i++) {
        const struct cache_total *total = &write->totals[i];
        const struct carried *carried = &state->carried[i];
        uint64_t version = 0;
        struct str bytes;
        int64_t life_ms;
        (void)cache_parse_version(new_version(&call, total->tag), &version);
        if (!total_after(carried, state->cache->seal, total, version, call.arena, &bytes, &life_ms))
            continue;
        put_total(&call, state->cache, total);
        put_arg(&call, str_make(carried->fenced, VERSION_SIZE));
        put_arg(&call, bytes);
        put_number(&call, (uint64_t)life_ms);
    }
    if (carry && state->alone)
        put_written(state, &call);
    redis_script(state->cache->redis, &script_release, call.keys, call.key_count, call.args,
                 call.arg_count, callback, state);
}

/* --- Before --- */

/* The time counts from before the fence or the pending invalidation was asked for, not from its
 * answer: a worker that is stopped between the two must not write when neither is there any more.
 */
static void go(struct write_state *state)
{
    int64_t ms = state->is_pending ? PENDING_SEND_BY_MS : SEND_BY_MS;

    state->write->send_by_ns = state->begun_ns + ms * 1000000;
    state->write->ready(state->write, ERR_OK);
}

bool cache_write_in_time(const struct cache_write *write)
{
    return clock_mono_ns() <= write->send_by_ns;
}

static void on_opened(void *context, enum err err)
{
    struct write_state *state = context;
    struct cache_write *write = state->write;

    if (err == ERR_OK) {
        state->is_pending = true;
        go(state);
        return;
    }
    /* Nothing was written, so nothing is pending: a document that was made all the same goes by
     * age. */
    table_release(state);
    state_free(state);
    write->ready(write, err == ERR_UNKNOWN ? ERR_UNAVAILABLE : err);
}

static void prepare_debt(struct write_state *state, void (*done)(void *context, enum err err))
{
    state->pending.cache = state->cache;
    state->pending.tags = state->write->tags;
    state->pending.tag_count = state->write->tag_count;
    state->pending.slots = state->slots;
    state->pending.done = done;
    state->pending.context = state;
}

static void open_pending(struct write_state *state)
{
    prepare_debt(state, on_opened);
    pending_open(&state->pending);
}

static void on_fenced(void *context, enum err err, const struct redis_value *reply)
{
    struct write_state *state = context;

    if (err == ERR_OK) {
        size_t at = 2 * state->write->total_count;
        totals_take(state->carried, state->cache->seal, state->write, reply);
        state->alone = keeps(state->write) &&
                       written_fenced(state->write->written, redis_str(redis_item(reply, at)),
                                      redis_str(redis_item(reply, at + 1)));
        go(state);
        return;
    }
    open_pending(state);
}

void cache_write_begin(struct cache *cache, struct cache_write *write)
{
    struct write_state *state = mem_zalloc(sizeof *state);

    state->cache = cache;
    state->write = write;
    state->slots = mem_array(write->tag_count, sizeof *state->slots);
    state->carried = totals_new(write);
    write->state = state;
    cache_version(state->token);
    cache_writer(cache->writer, state->token);
    table_fence(state);
    if (cache_tells_redis(cache)) {
        run_fence(state, on_fenced);
    } else {
        redis_wake(cache->redis);
        open_pending(state);
    }
}

/* --- After --- */

static void fence_finish(struct write_state *state, enum err err)
{
    struct cache_write *write = state->write;

    write->err = err;
    metric_inc(err != ERR_OK       ? METRIC_WRITES_UNKNOWN
               : state->is_pending ? METRIC_WRITES_PENDING
                                   : METRIC_WRITES_FENCED);
    state_free(state);
    write->done(write);
}

static void on_fence_closed(void *context, enum err err)
{
    struct write_state *state = context;

    /* Neither Redis nor MongoDB has recorded that it is over: the fence and the document stay until
     * they expire, and the client may not be answered that the write is visible. */
    if (err == ERR_OK)
        table_release(state);
    fence_finish(state, err == ERR_OK ? ERR_OK : ERR_UNKNOWN);
}

static void close_pending(struct write_state *state)
{
    prepare_debt(state, on_fence_closed);
    state->is_pending = true;
    pending_close(&state->pending);
}

static void on_released(void *context, enum err err, const struct redis_value *reply)
{
    struct write_state *state = context;

    (void)reply;
    if (err != ERR_OK || state->is_pending) {
        close_pending(state);
        return;
    }
    table_release(state);
    fence_finish(state, ERR_OK);
}

void cache_write_end(struct cache_write *write, enum err outcome)
{
    struct write_state *state = write->state;

    if (outcome == ERR_UNKNOWN) {
        log_warn("cache", "the outcome of a write is unknown: its fence stays until it expires",
                 LOG_STR("tag", write->tags[0]));
        fence_finish(state, ERR_UNKNOWN);
        return;
    }
    if (outcome == ERR_OK)
        move_mark_own(state->cache, write);
    if (cache_tells_redis(state->cache))
        run_release(state, outcome == ERR_OK, on_released);
    else
        close_pending(state);
}
