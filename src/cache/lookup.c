/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/lookup.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/trace.h"
#include "cache/recall.h"

enum { LOOKUPS_KEPT = 256 };

/* --- Memory --- */

static bool from_memory(struct cache *cache, struct cache_lookup *lookup)
{
    struct memory_now now = {clock_mono_ns(), clock_wall_ms()};

    if (cache->apart || !recall(cache->memory, lookup, now))
        return false;
    lookup->source = CACHE_MEMORY;
    metric_inc(METRIC_HIT_MEMORY);
    return true;
}

void lookup_remember(struct lookup_state *state, const struct entry *entry, struct str head)
{
    struct memory_item item = {.key = state->key,
                               .parts = {head, entry->plain, entry->gzip},
                               .expires_ms = entry->fresh_until_ms};

    if (state->memory_ok && !entry->brief)
        (void)memory_put(state->cache->memory, &item, &state->snapshot, clock_mono_ns());
}

/* --- A look-up's life --- */

static void take_snapshot(struct lookup_state *state)
{
    const struct cache_lookup *lookup = state->lookup;
    uint32_t slots[ENTRY_TAGS_MAX];

    for (size_t i = 0; i < lookup->tag_count; i++)
        slots[i] = key_slot(lookup->tags[i]);
    memory_snapshot(state->cache->memory, slots, lookup->tag_count, clock_mono_ns(),
                    &state->snapshot);
}

void lookups_init(struct cache *cache)
{
    cache->states = POOL_INIT(sizeof(struct lookup_state), LOOKUPS_KEPT);
}

static struct lookup_state *state_new(struct cache *cache, struct cache_lookup *lookup)
{
    struct lookup_state *state = pool_take(&cache->states);

    memset(state, 0, offsetof(struct lookup_state, room));
    state->cache = cache;
    state->lookup = lookup;
    state->trace = trace_take();
    state->key = memory_key(key_name(lookup->name, state->room));
    buf_init(&state->older, ENTRY_SIZE_MAX);
    take_snapshot(state);
    lookup->state = state;
    return state;
}

static void state_free(struct lookup_state *state)
{
    buf_free(&state->older);
    trace_put(state->trace);
    pool_put(&state->cache->states, state);
}

static void lookup_finish(struct lookup_state *state)
{
    struct cache_lookup *lookup = state->lookup;
    struct trace *before = trace_enter(state->trace);

    lookup->state = NULL;
    if (state->background)
        lookup->detached_free(lookup);
    else
        lookup->done(lookup);
    trace_leave(before);
    state_free(state);
}

void lookup_answer(struct lookup_state *state, const struct entry *entry, enum cache_source source,
                   enum cache_detail detail)
{
    struct cache_lookup *lookup = state->lookup;

    lookup->err = ERR_OK;
    lookup->entry = *entry;
    lookup->source = source;
    lookup->detail = detail;
    if (source == CACHE_REDIS && detail == CACHE_DETAIL_NONE)
        metric_inc(METRIC_HIT_REDIS);
    else if (!state->background)
        cache_count_detail(detail);
    lookup_finish(state);
}

void lookup_fail(struct lookup_state *state, enum err err)
{
    state->lookup->err = err;
    lookup_finish(state);
}

void lookup_each(struct lookup_state *first, void (*act)(struct lookup_state *state))
{
    while (first != NULL) {
        struct lookup_state *next = first->next;
        struct trace *before = trace_enter(first->trace);

        first->next = NULL;
        act(first);
        trace_leave(before);
        first = next;
    }
}

/* --- Redis --- */

static enum cache_detail table_bypass(const struct lookup_state *state, int64_t mono_ns)
{
    unsigned flags = memory_check(state->cache->memory, &state->snapshot, mono_ns);

    if (flags & MEMORY_PENDING)
        return CACHE_DETAIL_PENDING;
    return flags & MEMORY_FENCED ? CACHE_DETAIL_WRITE_FENCE : CACHE_DETAIL_NONE;
}

static void on_born(void *context, enum err err, const struct redis_value *reply)
{
    struct cache *cache = context;

    cache->born_asked = false;
    cache_take_born(cache, err, reply);
}

/* Why nothing of the reply may be believed, if so. */
static enum cache_detail reply_bypass(struct lookup_state *state, const struct redis_value *reply)
{
    struct cache *cache = state->cache;
    int64_t mono_ns = clock_mono_ns();
    const struct redis_value *born = redis_item(reply, redis_count(reply) - 1);

    if (redis_type(born) == REDIS_NIL && !cache->born_asked) {
        cache->born_asked = true;
        cache_ask_born(cache, false, on_born, cache);
    }
    if (cache_is_young(cache, redis_str(born), mono_ns))
        return CACHE_DETAIL_YOUNG;
    return table_bypass(state, mono_ns);
}

static bool is_fenced(const struct lookup_state *state, const struct redis_value *reply)
{
    size_t tags = state->lookup->tag_count;

    for (size_t i = 0; i < tags && state->fences_asked; i++)
        if (redis_type(redis_item(reply, state->at + 1 + tags + i)) != REDIS_NIL)
            return true;
    return false;
}

bool lookup_take_versions(struct lookup_state *state, const struct redis_value *reply, size_t at)
{
    for (size_t i = 0; i < state->lookup->tag_count; i++)
        if (cache_parse_version(redis_str(redis_item(reply, at + i)), &state->versions[i]) !=
            ERR_OK)
            return false;
    return true;
}

bool lookup_versions_match(const struct lookup_state *state, const struct entry *entry)
{
    return entry->tag_count == state->lookup->tag_count &&
           memcmp(entry->versions, state->versions, sizeof(uint64_t) * entry->tag_count) == 0;
}

/* Behind this look-up's part of the reply and born. */
static size_t reply_end(const struct lookup_state *state)
{
    size_t tags = state->lookup->tag_count;

    return state->at + 2 + (state->fences_asked ? 2 * tags : tags);
}

/* The sealed entry; ERR_SYNTAX for what none of us has put there, or not by now. */
static enum err open_entry(struct lookup_state *state, struct str sealed, int64_t now_ms,
                           struct str *bytes, struct entry *entry)
{
    enum err err = seal_open(state->cache->seal, state->lookup->name, sealed, bytes);

    if (err == ERR_OK)
        err = entry_decode(*bytes, entry);
    if (err == ERR_OK && entry_is_ahead(entry, now_ms))
        err = ERR_SYNTAX;
    if (err != ERR_OK)
        metric_inc(METRIC_REFUSED);
    return err;
}

/* The entry in the reply, if it was asked for when its tags had their versions. */
static bool find_entry(struct lookup_state *state, const struct redis_value *reply, int64_t now_ms,
                       struct str *bytes, struct entry *entry)
{
    struct str sealed = redis_str(redis_item(reply, state->at));

    return state->versions_known && sealed.len > 0 &&
           open_entry(state, sealed, now_ms, bytes, entry) == ERR_OK &&
           lookup_versions_match(state, entry);
}

/* Its time, when nothing else speaks against it. */
static enum lookup_verdict judge_age(struct lookup_state *state, const struct entry *entry,
                                     struct str bytes, int64_t now_ms)
{
    if (entry_is_fresh(entry, now_ms))
        return VERDICT_HIT;
    if (now_ms < entry->error_until_ms) {
        buf_reset(&state->older);
        buf_str(&state->older, bytes);
    }
    return now_ms < entry->stale_until_ms ? VERDICT_STALE : VERDICT_MISS;
}

enum lookup_verdict lookup_judge(struct lookup_state *state, enum err err,
                                 const struct redis_value *reply, struct entry *entry)
{
    int64_t now_ms = clock_wall_ms();
    bool found, fenced;
    struct str bytes;

    if (state->trace != NULL)
        state->trace->redis_ns += clock_mono_ns() - state->asked_ns;
    state->versions_known = state->memory_ok = state->brief = false;
    state->bypass = CACHE_DETAIL_REDIS_DOWN;
    if (err != ERR_OK || redis_count(reply) < reply_end(state) || !cache_trusts_redis(state->cache))
        return VERDICT_BYPASS;
    state->bypass = reply_bypass(state, reply);
    if (state->bypass != CACHE_DETAIL_NONE)
        return VERDICT_BYPASS;
    state->memory_ok = true;
    state->versions_known = lookup_take_versions(state, reply, state->at + 1);
    found = find_entry(state, reply, now_ms, &bytes, entry);
    fenced = is_fenced(state, reply);
    if (found && entry->brief && !state->fences_asked)
        return VERDICT_BRIEF;
    if (found && entry->brief == fenced)
        return judge_age(state, entry, bytes, now_ms);
    if (!fenced)
        return VERDICT_MISS;
    state->versions_known = state->memory_ok = false;
    state->bypass = CACHE_DETAIL_WRITE_FENCE;
    return VERDICT_BYPASS;
}

static void refresh(struct lookup_state *state)
{
    struct cache_lookup *lookup = state->lookup;
    struct cache_lookup *copy;
    struct lookup_state *background;
    struct trace *before;

    if (lookup->detach == NULL || state->background)
        return;
    copy = lookup->detach(lookup);
    if (copy == NULL)
        return;
    before = trace_enter(NULL); /* no request waits for it */
    background = state_new(state->cache, copy);
    background->background = true;
    background->generation = state->generation;
    background->memory_ok = true;
    buf_str(&background->older, buf_view(&state->older));
    fill_enter(background);
    trace_leave(before);
}

static void on_fences(void *context, enum err err, const struct redis_value *reply)
{
    struct lookup_state *state = context;
    struct trace *before = trace_enter(state->trace);

    lookup_take(state, err, reply);
    trace_leave(before);
}

void lookup_take(struct lookup_state *state, enum err err, const struct redis_value *reply)
{
    struct entry entry;
    enum lookup_verdict verdict = lookup_judge(state, err, reply, &entry);
    const char *bytes;

    if (verdict == VERDICT_BRIEF) {
        asks_again(state, on_fences, state);
        return;
    }
    if (verdict == VERDICT_MISS || verdict == VERDICT_BYPASS) {
        fill_enter(state);
        return;
    }
    bytes = redis_str(redis_item(reply, state->at)).ptr;
    if (verdict == VERDICT_HIT)
        lookup_remember(state, &entry, str_make(bytes, (size_t)(entry.plain.ptr - bytes)));
    if (verdict == VERDICT_STALE || entry_wants_refresh(&entry, clock_wall_ms(), 1 - random_unit()))
        refresh(state);
    lookup_answer(state, &entry, CACHE_REDIS,
                  verdict == VERDICT_STALE ? CACHE_DETAIL_STALE : CACHE_DETAIL_NONE);
}

/* Whether Redis may be asked; else the look-up goes into a fill that stores nothing. */
static bool may_ask(struct lookup_state *state)
{
    if (state->lookup->class->ttl_ms == 0) {
        state->bypass = CACHE_DETAIL_NOT_KEPT;
        return false;
    }
    /* Also under a debt, which is settled only when Redis is back. */
    if (!redis_ready(state->cache->redis))
        redis_wake(state->cache->redis);
    state->bypass = table_bypass(state, clock_mono_ns());
    if (state->bypass == CACHE_DETAIL_NONE && state->cache->apart)
        state->bypass = CACHE_DETAIL_APART;
    if (state->bypass == CACHE_DETAIL_NONE && !cache_trusts_redis(state->cache))
        state->bypass = CACHE_DETAIL_REDIS_DOWN;
    return state->bypass == CACHE_DETAIL_NONE;
}

/* Whether the answer could be kept once the write is over. */
static bool may_wait(const struct lookup_state *state)
{
    return state->bypass == CACHE_DETAIL_WRITE_FENCE && !state->background &&
           cache_trusts_redis(state->cache);
}

void lookup_start(struct lookup_state *state)
{
    if (may_ask(state))
        asks_gather(state->cache->asks, state);
    else if (!may_wait(state) || !waits_join(state->cache->waits, state))
        fill_enter(state);
}

void lookup_again(struct lookup_state *state)
{
    take_snapshot(state);
    if ((state->snapshot.flags & MEMORY_FENCED) == 0 && from_memory(state->cache, state->lookup))
        lookup_finish(state);
    else
        lookup_start(state);
}

void cache_get(struct cache *cache, struct cache_lookup *lookup)
{
    if (from_memory(cache, lookup))
        lookup->done(lookup);
    else
        lookup_start(state_new(cache, lookup));
}
