/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "cache/cache_state.h"

/* Looks for writers of this host that have died.  Their fences in the table go, and Redis is told:
 * what is filled under their fences there is kept for as long as these stand, and counts no longer,
 * since MongoDB may still be about to carry the write out. */
struct reaper {
    struct cache *cache;
    uv_timer_t timer;
};

enum { TICK_MS = 100 };

static void reaper_tell(struct cache *cache, uint32_t id)
{
    char text[WRITER_SIZE];
    struct str writer = str_make(text, sizeof text);

    cache_writer(id, text);
    arena_reset(&cache->scratch);
    redis_command(cache->redis, 5,
                  (const struct str[]){STR("SET"), cache_key(cache, KEY_DEAD, writer), STR("1"),
                                       STR("PX"), arena_decimal(&cache->scratch, DEAD_MS)},
                  redis_ignore, NULL);
    log_info("cache", "a worker has died: its fences are taken away", LOG_STR("writer", writer));
}

/* Without Redis nothing is kept in any case, and the next one that has it tells. */
static void reaper_tick(uv_timer_t *timer)
{
    struct cache *cache = ((struct reaper *)timer->data)->cache;
    uint32_t id;

    while (cache_tells_redis(cache) && (id = memory_reap(cache->memory)) != 0)
        reaper_tell(cache, id);
}

static void reaper_closed(uv_handle_t *handle)
{
    cache_handle_closed(((struct reaper *)handle->data)->cache);
}

struct reaper *reaper_new(struct cache *cache, bool works)
{
    struct reaper *reaper = mem_zalloc(sizeof *reaper);
    uint32_t id = (uint32_t)random_u64() | 1;

    reaper->cache = cache;
    uv_timer_init(cache->loop, &reaper->timer);
    reaper->timer.data = reaper;
    cache_handle_opened(cache);
    if (works) {
        cache->writer = memory_register(cache->memory, id) ? id : 0;
        uv_timer_start(&reaper->timer, reaper_tick, 0, TICK_MS);
    }
    return reaper;
}

void reaper_stop(struct reaper *reaper)
{
    uv_close((uv_handle_t *)&reaper->timer, reaper_closed);
}

void reaper_free(struct reaper *reaper)
{
    free(reaper);
}
