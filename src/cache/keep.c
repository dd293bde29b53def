/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/keep.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "cache/script.h"

static bool is_absent(const struct entry *entry)
{
    return entry->status != 200 || entry->empty;
}

static bool is_cacheable(const struct lookup_state *owner, const struct entry *entry,
                         int64_t now_ms)
{
    const struct cache_class *class = owner->lookup->class;

    return budget_take(&owner->cache->budget, class, owner->key.hash, is_absent(entry), now_ms) &&
           (entry->status == 200 || (entry->status == 404 && class->negative));
}

void keep_times(struct entry *entry, const struct cache_class *class, int64_t began_ms,
                int64_t now_ms)
{
    int64_t ttl_ms = entry->status == 404 ? NEGATIVE_MS : class->ttl_ms;
    int64_t refresh_ms = entry->status == 404 ? 0 : class->refresh_ms;

    ttl_ms = random_jitter(ttl_ms, 0.1);
    entry->created_ms = now_ms;
    entry->stale_until_ms = now_ms + ttl_ms;
    entry->fresh_until_ms = entry->stale_until_ms - refresh_ms;
    entry->error_until_ms = entry->stale_until_ms + (entry->status == 404 ? 0 : class->error_ms);
    entry->fill_ms = (uint32_t)(clock_mono_ms() - began_ms);
}

static void set_times(const struct lookup_state *owner, int64_t began_ms, struct entry *entry,
                      int64_t now_ms)
{
    keep_times(entry, owner->lookup->class, began_ms, now_ms);
    entry->brief = owner->brief;
    if (entry->brief)
        entry->fresh_until_ms = entry->stale_until_ms = entry->error_until_ms = now_ms + FENCE_MS;
    entry->tag_count = owner->lookup->tag_count;
    memcpy(entry->versions, owner->versions, sizeof entry->versions);
}

static void on_stored(void *context, enum err err, const struct redis_value *reply)
{
    (void)context;
    (void)reply;
    metric_inc(err == ERR_OK ? METRIC_STORES : METRIC_STORE_REFUSED);
}

/* Into cache->head; false when it is too large to be kept. */
static bool encode_head(struct cache *cache, const struct entry *entry)
{
    buf_reset(&cache->head);
    entry_encode(entry, &cache->head);
    return cache->head.err == ERR_OK &&
           cache->head.len + entry->plain.len + entry->gzip.len <= ENTRY_SIZE_MAX;
}

static struct str seal_entry(struct cache *cache, struct str name, const struct entry *entry)
{
    struct str head = buf_view(&cache->head);
    size_t size = head.len + entry->plain.len + entry->gzip.len;
    char *value = arena_alloc(&cache->scratch, size + SEAL_SIZE);

    memcpy(value, head.ptr, head.len);
    if (entry->plain.len > 0)
        memcpy(value + head.len, entry->plain.ptr, entry->plain.len);
    if (entry->gzip.len > 0)
        memcpy(value + head.len + entry->plain.len, entry->gzip.ptr, entry->gzip.len);
    seal_make(cache->seal, name, str_make(value, size), value + size);
    return str_make(value, size + SEAL_SIZE);
}

bool keep_sealed(struct cache *cache, struct str name, const struct entry *entry,
                 struct str *sealed)
{
    if (!encode_head(cache, entry))
        return false;
    *sealed = seal_entry(cache, name, entry);
    return true;
}

static void store_entry(const struct lookup_state *owner, const struct entry *entry)
{
    struct cache *cache = owner->cache;
    struct buf ttl = BUF_INIT(32);
    struct str key, value;

    arena_reset(&cache->scratch);
    key = cache_key(cache, KEY_ENTRY, owner->lookup->name);
    value = seal_entry(cache, owner->lookup->name, entry);
    buf_int(&ttl, entry->stale_until_ms - entry->created_ms);
    redis_command(cache->redis, 5,
                  (const struct str[]){STR("SET"), key, value, STR("PX"), buf_view(&ttl)},
                  on_stored, NULL);
    buf_free(&ttl);
}

/* Those of what is there are kept longer than any of its entries; others keep the life that they
 * were given with the question. */
static void keep_tags(const struct lookup_state *owner)
{
    struct cache *cache = owner->cache;
    const struct cache_lookup *lookup = owner->lookup;
    struct str keys[ENTRY_TAGS_MAX], life;
    char room[DECIMAL_MAX];

    arena_reset(&cache->scratch);
    for (size_t i = 0; i < lookup->tag_count; i++)
        keys[i] = cache_key(cache, KEY_TAG, lookup->tags[i]);
    life = str_decimal(TAG_TTL_MS, room);
    redis_script(cache->redis, &script_prolong, keys, lookup->tag_count, &life, 1, redis_ignore,
                 NULL);
}

enum cache_detail keep_answer(struct lookup_state *owner, int64_t began_ms, struct entry *entry)
{
    struct cache *cache = owner->cache;
    int64_t now_ms = clock_wall_ms();

    set_times(owner, began_ms, entry, now_ms);
    if (entry->passing)
        return CACHE_DETAIL_NOT_KEPT;
    if (!is_cacheable(owner, entry, now_ms))
        return owner->bypass;
    if (!encode_head(cache, entry)) {
        metric_inc(METRIC_STORE_REFUSED);
        return CACHE_DETAIL_TOO_LARGE;
    }
    lookup_remember(owner, entry, buf_view(&cache->head));
    if (owner->bypass != CACHE_DETAIL_NONE || !owner->versions_known)
        return owner->bypass;
    if (!cache_trusts_redis(cache))
        return CACHE_DETAIL_REDIS_DOWN;
    if (owner->generation != redis_generation(cache->redis) || !redis_ready(cache->redis))
        return CACHE_DETAIL_REDIS_DOWN;
    if (!redis_writable(cache->redis))
        return CACHE_DETAIL_READ_ONLY;
    store_entry(owner, entry);
    if (!is_absent(entry))
        keep_tags(owner);
    return CACHE_DETAIL_STORED;
}

void keep_longer(const struct lookup_state *state, const struct entry *entry)
{
    struct cache *cache = state->cache;
    struct buf ttl = BUF_INIT(32);
    struct str key;

    if (state->generation != redis_generation(cache->redis) || !redis_ready(cache->redis))
        return;
    arena_reset(&cache->scratch);
    key = cache_key(cache, KEY_ENTRY, state->lookup->name);
    buf_int(&ttl, entry->error_until_ms - clock_wall_ms());
    redis_command(cache->redis, 3, (const struct str[]){STR("PEXPIRE"), key, buf_view(&ttl)},
                  redis_ignore, NULL);
    buf_free(&ttl);
}
