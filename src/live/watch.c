/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"
#include "live/hub.h"

static struct watch_list *watch_bucket(struct hub *hub, uint64_t hash)
{
    return &hub->watches[hash % WATCH_BUCKETS];
}

static struct watch *watch_new(struct hub *hub, struct str target, uint64_t hash)
{
    struct watch *watch = mem_zalloc(sizeof *watch + target.len);

    watch->hub = hub;
    watch->hash = hash;
    watch->target_len = target.len;
    memcpy(watch->target, target.ptr, target.len);
    LIST_INIT(&watch->parts);
    LIST_INSERT_HEAD(watch_bucket(hub, hash), watch, chain);
    return watch;
}

struct watch *watch_of(struct hub *hub, struct str target)
{
    uint64_t hash = hash64(target.ptr, target.len);
    struct watch *watch;

    LIST_FOREACH (watch, watch_bucket(hub, hash), chain)
        if (watch->hash == hash && str_eq(str_make(watch->target, watch->target_len), target))
            return watch;
    return watch_new(hub, target, hash);
}

void watch_join(struct watch *watch, struct part *part)
{
    part->watch = watch;
    LIST_INSERT_HEAD(&watch->parts, part, next);
}

void watch_leave(struct part *part)
{
    struct watch *watch = part->watch;

    if (watch == NULL)
        return;
    LIST_REMOVE(part, next);
    part->watch = NULL;
    watch_release(watch);
}

/* --- When it looks --- */

static struct watch_queue *watch_queue(struct watch *watch)
{
    return watch->state == WATCH_JOINING ? &watch->hub->joining : &watch->hub->ready;
}

static void watch_set(struct watch *watch, enum watch_state state)
{
    if (watch->state == WATCH_JOINING || watch->state == WATCH_READY)
        TAILQ_REMOVE(watch_queue(watch), watch, queue);
    watch->state = state;
    if (state == WATCH_JOINING || state == WATCH_READY)
        TAILQ_INSERT_TAIL(watch_queue(watch), watch, queue);
}

void watch_wake(struct watch *watch)
{
    if (watch->state != WATCH_ASLEEP)
        return; /* what moves while it looks is found by watch_take() */
    watch->due_ms = clock_mono_ms() + JOIN_MS;
    watch_set(watch, WATCH_JOINING);
}

void watch_look(struct watch *watch)
{
    if (watch->state == WATCH_ASLEEP || watch->state == WATCH_JOINING)
        watch_set(watch, WATCH_READY);
}

static void watch_set_time(struct watch *watch, int64_t again_ms)
{
    if (watch->again_ms != 0)
        LIST_REMOVE(watch, timed);
    watch->again_ms = again_ms;
    if (again_ms != 0)
        LIST_INSERT_HEAD(&watch->hub->timed, watch, timed);
}

void watch_begin(struct watch *watch)
{
    struct hub *hub = watch->hub;

    watch_set(watch, WATCH_LOOKING);
    watch_set_time(watch, 0);
    hub->looks++;
    hub->config.look(hub->config.context, watch, str_make(watch->target, watch->target_len),
                     watch_etag(watch));
}

/* --- What it has found --- */

static void watch_untie(struct watch *watch)
{
    slots_untie(watch->hub->slots, watch->ties, watch->tie_count);
    watch->ties = NULL;
    watch->tie_count = 0;
}

static int64_t soon_ms(int64_t ms)
{
    return clock_wall_ms() + random_jitter(ms, 0.3);
}

void watch_take(struct watch *watch, const struct seen *seen)
{
    const struct tagset *tags = seen->tags;
    int64_t again_ms = seen->settled && tags->flags == 0 ? 0 : soon_ms(AGAIN_MS);

    if (seen->ends_ms != 0 && (again_ms == 0 || seen->ends_ms < again_ms))
        again_ms = seen->ends_ms;
    watch_untie(watch);
    watch->ties = slots_tie(watch->hub->slots, watch, tags);
    watch->tie_count = tags->count;
    watch->etag_len = (uint8_t)(seen->etag.len < HUB_ETAG_MAX ? seen->etag.len : HUB_ETAG_MAX);
    memcpy(watch->etag, seen->etag.ptr, watch->etag_len);
    watch_set_time(watch, again_ms);
    watch_set(watch, WATCH_ASLEEP);
    if (tagset_has_moved(tags))
        watch_wake(watch);
}

void watch_retry(struct watch *watch)
{
    watch_set_time(watch, soon_ms(AGAIN_MS / 4));
    watch_set(watch, WATCH_ASLEEP);
}

bool watch_is_current(const struct watch *watch)
{
    return watch->state == WATCH_ASLEEP && watch->etag_len > 0 &&
           slots_have_stayed(watch->hub->slots, watch->ties, watch->tie_count);
}

void watch_release(struct watch *watch)
{
    if (!LIST_EMPTY(&watch->parts) || watch->state == WATCH_LOOKING)
        return;
    watch_set(watch, WATCH_ASLEEP);
    watch_set_time(watch, 0);
    watch_untie(watch);
    LIST_REMOVE(watch, chain);
    free(watch);
}
