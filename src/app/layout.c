/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/layout.h"

#include <stdlib.h>

#include "app/app_state.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum { ROOM = 1024 };

struct layouts {
    struct app *app;
    uv_timer_t timer;
    bool *agree;      /* by the resources' indexes, as of the last reply */
    bool *distrusted; /* likewise: its partition is off */
    int64_t valid_until_ns;
    uint64_t epoch; /* of the Redis that has sent it */
    bool asking;
    void (*told)(void *context); /* who waits for the next reply; or NULL */
    void *told_context;
    void (*stopped)(void *context);
    void *stopped_context;
};

/* One call's time, and what Redis was then. */
struct beat {
    struct layouts *layouts;
    int64_t sent_ns;
    uint64_t epoch;
};

/* KEYS[1]: the hash; ARGV: lease, other, then for each resource its name and "<name>/<field>".
 * Fields of the hash are "<name>/<field>", their values when one of their workers last beat;
 * "since" is when the hash was begun.  The reply has 1 for each resource whose workers agree.
 */
static struct redis_script script_beat = {
    .text = STR_INIT("local t = redis.call('TIME')\n"
                     "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
                     "redis.call('HSETNX', KEYS[1], 'since', string.format('%.0f', now))\n"
                     "for i = 4, #ARGV, 2 do\n"
                     "  redis.call('HSET', KEYS[1], ARGV[i], string.format('%.0f', now))\n"
                     "end\n"
                     "redis.call('PEXPIRE', KEYS[1], 10 * ARGV[2])\n"
                     "local all = redis.call('HGETALL', KEYS[1])\n"
                     "local since, others = now, {}\n"
                     "for i = 1, #all, 2 do\n"
                     "  local at = tonumber(all[i + 1]) or now\n"
                     "  if all[i] == 'since' then since = math.min(at, now)\n"
                     "  elseif at <= now and now - at > tonumber(ARGV[2]) then redis.call('HDEL', "
                     "KEYS[1], all[i])\n"
                     "  else others[#others + 1] = all[i] end\n"
                     "end\n"
                     "local reply = {}\n"
                     "for i = 3, #ARGV, 2 do\n"
                     "  local agree = now - since >= tonumber(ARGV[1]) and 1 or 0\n"
                     "  for _, other in ipairs(others) do\n"
                     "    if other ~= ARGV[i + 1] and string.sub(other, 1, #ARGV[i] + 1) == "
                     "ARGV[i] .. '/' then\n"
                     "      agree = 0\n"
                     "    end\n"
                     "  end\n"
                     "  reply[#reply + 1] = agree\n"
                     "end\n"
                     "return reply\n")};

static void layout_tell(struct layouts *layouts)
{
    void (*told)(void *context) = layouts->told;

    layouts->told = NULL;
    if (told != NULL)
        told(layouts->told_context);
}

void layouts_await(struct layouts *layouts, void (*told)(void *context), void *context)
{
    layouts->told = told;
    layouts->told_context = context;
}

static void on_layout_beat(void *context, enum err err, const struct redis_value *reply)
{
    struct beat *beat = context;
    struct layouts *layouts = beat->layouts;
    size_t count = layouts->app->plan_count;

    layouts->asking = false;
    if (err == ERR_OK && redis_count(reply) == count) {
        for (size_t i = 0; i < count; i++)
            layouts->agree[i] = redis_int(redis_item(reply, i)) == 1;
        layouts->valid_until_ns = beat->sent_ns + (int64_t)LAYOUT_LEASE_MS * 1000000;
        layouts->epoch = beat->epoch;
    }
    free(beat);
    layout_tell(layouts);
}

static struct str own_layout(const struct layouts *layouts, const struct resource *resource,
                             struct arena *arena)
{
    return ARENA_JOIN(arena, resource->name, STR("/"),
                      layouts->distrusted[resource->index] ? STR("") : resource->partition);
}

static void on_layout_time(uv_timer_t *timer)
{
    struct layouts *layouts = timer->data;
    struct app *app = layouts->app;
    struct beat *beat;
    struct str key, *args;
    char room[ROOM];
    struct arena arena;
    size_t count = 0;

    if (!redis_ready(app->redis))
        layout_tell(layouts);
    if (layouts->asking || !redis_ready(app->redis))
        return;
    layouts->asking = true;
    beat = mem_alloc(sizeof *beat);
    *beat = (struct beat){layouts, clock_mono_ns(), cache_epoch(app->cache)};
    arena_init(&arena, room, sizeof room);
    key = ARENA_JOIN(&arena, app->config.prefix, STR(":layouts"));
    args = arena_alloc(&arena, (2 + 2 * app->plan_count) * sizeof *args);
    args[count++] = arena_decimal(&arena, LAYOUT_LEASE_MS);
    args[count++] = arena_decimal(&arena, LAYOUT_OTHER_MS);
    for (size_t i = 0; i < app->plan_count; i++) {
        args[count++] = app->plans[i].resource->name;
        args[count++] = own_layout(layouts, app->plans[i].resource, &arena);
    }
    redis_script(app->redis, &script_beat, &key, 1, args, count, on_layout_beat, beat);
    arena_reset(&arena);
}

bool layouts_agree(const struct layouts *layouts, const struct resource *resource)
{
    return layouts->agree[resource->index] && !layouts->distrusted[resource->index] &&
           clock_mono_ns() < layouts->valid_until_ns &&
           layouts->epoch == cache_epoch(layouts->app->cache);
}

void layouts_distrust(struct layouts *layouts, const struct resource *resource)
{
    if (layouts->distrusted[resource->index] || resource->partition.len == 0)
        return;
    layouts->distrusted[resource->index] = true;
    log_warn(
        "app",
        "the collection compares by a collation: a write of any partition makes all lists void",
        LOG_STR("resource", resource->name), LOG_STR("partition", resource->partition));
}

/* --- Life --- */

struct layouts *layouts_new(struct app *app)
{
    struct layouts *layouts = mem_zalloc(sizeof *layouts);

    layouts->app = app;
    layouts->agree = mem_zalloc((app->plan_count + 1) * sizeof *layouts->agree);
    layouts->distrusted = mem_zalloc((app->plan_count + 1) * sizeof *layouts->distrusted);
    uv_timer_init(app->loop, &layouts->timer);
    layouts->timer.data = layouts;
    uv_timer_start(&layouts->timer, on_layout_time, LAYOUT_BEAT_MS / 10, LAYOUT_BEAT_MS);
    return layouts;
}

static void on_close(uv_handle_t *handle)
{
    struct layouts *layouts = handle->data;

    layouts->stopped(layouts->stopped_context);
}

void layouts_stop(struct layouts *layouts, void (*done)(void *context), void *context)
{
    layouts->stopped = done;
    layouts->stopped_context = context;
    uv_close((uv_handle_t *)&layouts->timer, on_close);
}

void layouts_free(struct layouts *layouts)
{
    if (layouts == NULL)
        return;
    free(layouts->agree);
    free(layouts->distrusted);
    free(layouts);
}
