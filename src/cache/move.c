/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/metrics.h"
#include "cache/cache_state.h"
#include "cache/key.h"
#include "cache/script.h"

/* Tags are moved for what other programs have changed. */

enum { MOVE_FIXED = 3 };
_Static_assert(2 * CACHE_MOVE_TAGS_MAX + 3 * CACHE_MOVE_EVENTS_MAX + MOVE_FIXED <=
                   REDIS_SCRIPT_ARGS_MAX,
               "the largest move fits into a script's keys and arguments");

void cache_followed(struct cache *cache, bool followed)
{
    cache->followed = followed;
}

bool cache_can_move(const struct cache *cache)
{
    return cache_tells_redis(cache);
}

/* They go out before the write's second script, on the same connection: an event that comes before
 * its mark moves tags that are fenced still, and costs nothing. */
void move_mark_own(struct cache *cache, const struct cache_write *write)
{
    if (!cache->followed || !cache_tells_redis(cache))
        return;
    for (size_t i = 0; i < write->own_count; i++) {
        arena_reset(&cache->scratch);
        redis_command(cache->redis, 5,
                      (const struct str[]){STR("SET"),
                                           cache_key(cache, KEY_LOCK_OWN, write->own[i]), STR("1"),
                                           STR("PX"), arena_decimal(&cache->scratch, OWN_MS)},
                      redis_ignore, NULL);
    }
}

static void move_done(void *context, enum err err, const struct redis_value *reply)
{
    struct cache_move *move = context;
    struct str moved = redis_str(reply);

    /* Other hosts hear of it by their listeners, as of any write; this one at once. */
    for (size_t i = 0; err == ERR_OK && i < move->tag_count && i < moved.len; i++)
        if (moved.ptr[i] == '1')
            memory_bump(move->cache->memory, key_slot(move->tags[i]));
    move->done(move, err);
}

void cache_move(struct cache *cache, struct cache_move *move)
{
    struct arena *arena = &cache->scratch;
    size_t keys = 0, args = 0;
    struct str *key, *arg;

    move->cache = cache;
    arena_reset(arena);
    key = arena_alloc(arena, (move->tag_count + move->event_count) * sizeof *key);
    arg = arena_alloc(arena, (MOVE_FIXED + move->tag_count + 2 * move->event_count) * sizeof *arg);
    arg[args++] = arena_decimal(arena, TAG_TTL_MS);
    arg[args++] = arena_decimal(arena, move->tag_count);
    for (size_t i = 0; i < move->tag_count; i++) {
        char *version = arena_alloc(arena, VERSION_SIZE);
        cache_version(version);
        key[keys++] = cache_key(cache, KEY_TAG, move->tags[i]);
        arg[args++] = str_make(version, VERSION_SIZE);
    }
    arg[args++] = str_make(move->always, move->tag_count);
    for (size_t i = 0; i < move->event_count; i++) {
        const struct cache_event *event = &move->events[i];
        key[keys++] = cache_key(cache, KEY_LOCK_OWN, event->own);
        arg[args++] = event->clear.len > 0 ? cache_key(cache, KEY_LOCK_OWN, event->clear) : STR("");
        arg[args++] = event->tags;
    }
    redis_script(cache->redis, &script_move, key, keys, arg, args, move_done, move);
}
