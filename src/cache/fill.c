/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/trace.h"
#include "cache/keep.h"
#include "cache/lookup.h"
#include "cache/script.h"

enum stage {
    STAGE_BEGINNING,
    STAGE_HELD, /* until the one before it has its answer */
    STAGE_ASKED /* the database, or a thread is about to */
};

/* One question to the database and all look-ups that may have its answer.
 *
 * Joining is where a cache of this kind goes wrong: a question that is under way is older than a
 * write acknowledged since.  So a look-up joins only a fill whose question has not been sent, or
 * one that carries the very tag versions which the look-up itself has just read. */
struct cache_fill {
    struct cache *cache;
    struct cache_fill *next; /* in the table */
    struct lookup_state *owner, *waiters;
    atomic_bool sealed;
    enum stage stage;
    bool locked;
    char token[VERSION_SIZE];
    int64_t began_ms;                /* monotonic */
    struct cache_fill *waiting_next; /* among those that wait for another worker */
};

enum { BUCKETS = 256 };

struct fills {
    struct cache *cache;
    struct cache_fill *buckets[BUCKETS];
    struct cache_fill *waiting;
    uv_timer_t timer;
};

/* --- The table --- */

static void on_fill_timer_closed(uv_handle_t *handle)
{
    cache_handle_closed(((struct fills *)handle->data)->cache);
}

struct fills *fills_new(struct cache *cache)
{
    struct fills *fills = mem_zalloc(sizeof *fills);

    fills->cache = cache;
    uv_timer_init(cache->loop, &fills->timer);
    fills->timer.data = fills;
    cache_handle_opened(cache);
    return fills;
}

void fills_stop(struct fills *fills)
{
    uv_close((uv_handle_t *)&fills->timer, on_fill_timer_closed);
}

void fills_free(struct fills *fills)
{
    free(fills);
}

static struct cache_fill **bucket_of(struct fills *fills, uint64_t hash)
{
    return &fills->buckets[hash % BUCKETS];
}

static bool same_versions(const struct lookup_state *a, const struct lookup_state *b)
{
    return a->versions_known && b->versions_known && a->generation == b->generation &&
           a->bypass == CACHE_DETAIL_NONE && b->bypass == CACHE_DETAIL_NONE &&
           a->lookup->tag_count == b->lookup->tag_count &&
           memcmp(a->versions, b->versions, sizeof(uint64_t) * a->lookup->tag_count) == 0;
}

static bool may_join(const struct cache_fill *fill, const struct lookup_state *state)
{
    return lookup_is_same(fill->owner, state) &&
           (!atomic_load(&fill->sealed) || same_versions(fill->owner, state));
}

static void fill_free(struct cache_fill *fill)
{
    struct cache_fill **at = bucket_of(fill->cache->fills, fill->owner->key.hash);

    while (*at != fill)
        at = &(*at)->next;
    *at = fill->next;
    free(fill);
}

/* --- Asking the database --- */

/* Another fill of the same name that has come so far. */
static struct cache_fill *find_other(const struct cache_fill *fill, enum stage stage)
{
    struct cache_fill *other = *bucket_of(fill->cache->fills, fill->owner->key.hash);

    while (other != NULL &&
           (other == fill || other->stage != stage || !lookup_is_same(other->owner, fill->owner)))
        other = other->next;
    return other;
}

/* One question of a name at a time, however many may not join it (under a fence, without Redis):
 * those that come meanwhile share the next one. */
static void ask_database(struct cache_fill *fill)
{
    struct trace *before;

    fill->stage = find_other(fill, STAGE_ASKED) != NULL ? STAGE_HELD : STAGE_ASKED;
    if (fill->stage == STAGE_HELD)
        return;
    fill->began_ms = clock_mono_ms();
    metric_inc(METRIC_FILLS);
    before = trace_enter(fill->owner->trace);
    fill->owner->lookup->fill(fill->owner->lookup, fill);
    trace_leave(before);
}

void cache_fill_seal(struct cache_fill *fill)
{
    atomic_store(&fill->sealed, true);
}

static void unlock(struct cache_fill *fill)
{
    struct cache *cache = fill->cache;
    struct str key, token = str_make(fill->token, sizeof fill->token);

    if (!fill->locked || fill->owner->generation != redis_generation(cache->redis))
        return;
    arena_reset(&cache->scratch);
    key = cache_key(cache, KEY_LOCK_FILL, fill->owner->lookup->name);
    redis_script(cache->redis, &script_unlock, &key, 1, &token, 1, redis_ignore, NULL);
}

/* --- Ends --- */

/* MongoDB is away: an entry that only its time has overtaken is better than nothing, and is kept
 * for later look-ups. */
static void serve_older(struct lookup_state *state, enum err err)
{
    struct entry entry;

    if (err == ERR_INTERNAL || state->older.len == 0 ||
        entry_decode(buf_view(&state->older), &entry) != ERR_OK ||
        clock_wall_ms() >= entry.error_until_ms) {
        lookup_fail(state, err);
        return;
    }
    keep_longer(state, &entry);
    lookup_answer(state, &entry, CACHE_REDIS, CACHE_DETAIL_STALE_IF_ERROR);
}

static void end_one(struct lookup_state *state, enum err err, const struct entry *entry,
                    enum cache_detail detail)
{
    if (err == ERR_OK)
        lookup_answer(state, entry, CACHE_DATABASE, detail);
    else
        serve_older(state, err);
}

void cache_fill_done(struct cache_fill *fill, enum err err, const struct entry *answer)
{
    struct lookup_state *owner = fill->owner, *waiter = fill->waiters;
    struct cache_fill *held = find_other(fill, STAGE_HELD);
    struct entry entry = {0}, shared;
    enum cache_detail detail = CACHE_DETAIL_NONE;

    if (err == ERR_OK) {
        entry = *answer;
        detail = keep_answer(fill->owner, fill->began_ms, &entry);
    }
    shared = entry;
    shared.plain_from = shared.gzip_from = NULL;
    /* Taken before any callback: a callback that ends another fill of this name would take it too.
     */
    if (held != NULL)
        held->stage = STAGE_ASKED;
    unlock(fill);
    fill_free(fill);
    while (waiter != NULL) {
        struct lookup_state *next = waiter->next;

        end_one(waiter, err, &shared, CACHE_DETAIL_COLLAPSED);
        waiter = next;
    }
    end_one(owner, err, &entry, detail);
    if (held != NULL && err == ERR_OK)
        ask_database(held);
    else if (held != NULL) /* it has waited as long, and would again */
        cache_fill_done(held, err, NULL);
}

/* Another worker's entry is there: the owner has it, and the others look for themselves, since the
 * reply may be older than they are. */
static void end_with_hit(struct cache_fill *fill, const struct entry *entry)
{
    struct lookup_state *owner = fill->owner, *waiters = fill->waiters;

    unlock(fill);
    fill_free(fill);
    lookup_answer(owner, entry, CACHE_REDIS, CACHE_DETAIL_COLLAPSED);
    lookup_each(waiters, lookup_start);
}

/* --- Waiting for another worker --- */

static void fill_begin(struct cache_fill *fill);

/* The other's answer may be there, or he may be gone, or have asked before a write: then the lock
 * is free, and one of those that wait takes it. */
static void on_retry_reply(void *context, enum err err, const struct redis_value *reply)
{
    struct cache_fill *fill = context;
    struct entry entry;
    enum lookup_verdict verdict = lookup_judge(fill->owner, err, reply, &entry);
    struct trace *before = trace_enter(fill->owner->trace);

    if (verdict == VERDICT_HIT || verdict == VERDICT_STALE)
        end_with_hit(fill, &entry);
    else if (verdict == VERDICT_MISS && !fill->locked &&
             clock_mono_ms() - fill->began_ms < WAIT_MAX_MS)
        fill_begin(fill);
    else
        ask_database(fill);
    trace_leave(before);
}

static void on_retry_time(uv_timer_t *timer)
{
    struct fills *fills = timer->data;
    struct cache_fill *fill = fills->waiting;

    fills->waiting = NULL;
    while (fill != NULL) {
        struct cache_fill *next = fill->waiting_next;
        asks_again(fill->owner, on_retry_reply, fill);
        fill = next;
    }
}

static void wait_more(struct cache_fill *fill)
{
    struct fills *fills = fill->cache->fills;

    fill->waiting_next = fills->waiting;
    fills->waiting = fill;
    if (!uv_is_active((uv_handle_t *)&fills->timer))
        uv_timer_start(&fills->timer, on_retry_time, WAIT_STEP_MS, 0);
}

/* --- Beginning --- */

/* Whether an answer that Redis does not take would be kept in memory.  A refill that is kept
 * nowhere would be begun by each hit anew. */
static bool may_remember(const struct lookup_state *state)
{
    const struct memory *memory = state->cache->memory;

    return state->memory_ok && memory_item_max(memory) > 0 &&
           memory_lease_valid(memory, clock_mono_ns());
}

static void end_background(struct cache_fill *fill)
{
    struct lookup_state *owner = fill->owner, *waiters = fill->waiters;

    fill_free(fill);
    lookup_fail(owner, ERR_CANCELED);
    lookup_each(waiters, fill_enter);
}

/* The reply of script_begin. */
enum { BEGUN_LOCKED = 1, BEGUN_FENCED = 2, BEGUN_YOUNG = 3, BEGUN_BRIEF = 4 };

/* Whether the entry has been stored between the look for it and the lock. */
static bool is_stored(const struct lookup_state *owner, const struct redis_value *reply)
{
    struct str head = redis_str(redis_item(reply, 1 + owner->lookup->tag_count));
    struct entry entry;
    size_t head_len;

    return !owner->background && entry_decode_head(head, &entry, &head_len) == ERR_OK &&
           lookup_versions_match(owner, &entry) && clock_wall_ms() < entry.stale_until_ms;
}

/* The script ended before it looked for fences, and the first look did not ask for them. */
static void on_read_only_reply(void *context, enum err err, const struct redis_value *reply)
{
    struct cache_fill *fill = context;
    struct lookup_state *owner = fill->owner;
    struct entry entry;
    enum lookup_verdict verdict = lookup_judge(owner, err, reply, &entry);
    struct trace *before = trace_enter(owner->trace);

    if (owner->bypass == CACHE_DETAIL_NONE)
        owner->bypass = CACHE_DETAIL_READ_ONLY;
    if (owner->background && !may_remember(owner))
        end_background(fill);
    else if (!owner->background && (verdict == VERDICT_HIT || verdict == VERDICT_STALE))
        end_with_hit(fill, &entry);
    else
        ask_database(fill);
    trace_leave(before);
}

static void on_begun(void *context, enum err err, const struct redis_value *reply)
{
    struct cache_fill *fill = context;
    struct lookup_state *owner = fill->owner;
    int64_t begun = redis_int(redis_item(reply, 0));

    if (err == ERR_READ_ONLY) {
        asks_again(owner, on_read_only_reply, fill);
        return;
    }
    owner->versions_known = err == ERR_OK && lookup_take_versions(owner, reply, 1);
    if (err != ERR_OK || !owner->versions_known) {
        owner->bypass = CACHE_DETAIL_REDIS_DOWN;
        owner->memory_ok = false;
    } else if (begun == BEGUN_FENCED || begun == BEGUN_YOUNG) {
        owner->bypass = begun == BEGUN_FENCED ? CACHE_DETAIL_WRITE_FENCE : CACHE_DETAIL_YOUNG;
        owner->memory_ok = false;
    }
    owner->brief = begun == BEGUN_BRIEF;
    fill->locked = err == ERR_OK && (begun == BEGUN_LOCKED || owner->brief);
    if (fill->locked && owner->bypass == CACHE_DETAIL_NONE && is_stored(owner, reply))
        asks_again(owner, on_retry_reply, fill);
    else if (fill->locked && owner->bypass == CACHE_DETAIL_NONE)
        ask_database(fill);
    else if (owner->background)
        end_background(fill);
    else if (owner->bypass != CACHE_DETAIL_NONE)
        ask_database(fill);
    else
        wait_more(fill);
}

/* A tag that is made for a question is kept as long as an answer that says "absent". */
static uint64_t new_tag_ms(const struct cache_class *class)
{
    int64_t life_ms = class->negative || class->guessed ? NEGATIVE_MS : class->ttl_ms;

    return (uint64_t)(life_ms + life_ms / 10 + NEW_TAG_MORE_MS);
}

static void fill_begin(struct cache_fill *fill)
{
    struct cache *cache = fill->cache;
    struct cache_lookup *lookup = fill->owner->lookup;
    struct str keys[3 + 2 * ENTRY_TAGS_MAX], args[6 + ENTRY_TAGS_MAX];
    char versions[ENTRY_TAGS_MAX][VERSION_SIZE];
    size_t tags = lookup->tag_count;

    arena_reset(&cache->scratch);
    cache_version(fill->token);
    keys[0] = cache_key(cache, KEY_LOCK_FILL, lookup->name);
    keys[1] = cache_key(cache, KEY_BORN, STR(""));
    args[0] = str_make(fill->token, sizeof fill->token);
    args[1] = arena_decimal(&cache->scratch, LOCK_MS);
    args[2] = arena_decimal(&cache->scratch, new_tag_ms(lookup->class));
    args[3] = arena_decimal(&cache->scratch, YOUNG_MS);
    args[4] = arena_decimal(&cache->scratch, ENTRY_HEAD_MAX);
    args[5] = cache_key(cache, KEY_DEAD, STR(""));
    for (size_t i = 0; i < tags; i++) {
        keys[2 + i] = cache_key(cache, KEY_TAG, lookup->tags[i]);
        keys[2 + tags + i] = cache_key(cache, KEY_FENCE, lookup->tags[i]);
        cache_version(versions[i]);
        args[6 + i] = str_make(versions[i], VERSION_SIZE);
    }
    keys[2 + 2 * tags] = cache_key(cache, KEY_ENTRY, lookup->name);
    fill->owner->generation = redis_generation(cache->redis);
    redis_script(cache->redis, &script_begin, keys, 3 + 2 * tags, args, 6 + tags, on_begun, fill);
}

/* What has its tags is known to Redis, and is no guess.  Of another, nothing is kept: no fence was
 * looked for. */
static bool may_begin(struct lookup_state *state)
{
    if (state->versions_known || budget_admits(&state->cache->budget, state->lookup->class,
                                               state->key.hash, clock_wall_ms()))
        return true;
    state->memory_ok = false;
    return false;
}

void fill_enter(struct lookup_state *state)
{
    struct fills *fills = state->cache->fills;
    struct cache_fill **bucket = bucket_of(fills, state->key.hash), *fill = *bucket;

    if (state->background && !redis_writable(state->cache->redis) && !may_remember(state)) {
        lookup_fail(state, ERR_CANCELED);
        return;
    }
    while (fill != NULL && !may_join(fill, state))
        fill = fill->next;
    if (fill != NULL) {
        if (state->background) {
            lookup_fail(state, ERR_CANCELED);
            return;
        }
        state->next = fill->waiters;
        fill->waiters = state;
        return;
    }
    fill = mem_zalloc(sizeof *fill);
    fill->cache = state->cache;
    fill->owner = state;
    fill->began_ms = clock_mono_ms();
    fill->next = *bucket;
    *bucket = fill;
    if (state->bypass == CACHE_DETAIL_NONE && may_begin(state))
        fill_begin(fill);
    else
        ask_database(fill);
}
