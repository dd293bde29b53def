/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "follow/follower.h"

enum { MOVES_AGAIN_MS = 50, MOVES_ROOM_MS = 150 };

/* Changes that go out together. */
struct joined {
    struct arena arena;
    struct str tags[CACHE_MOVE_TAGS_MAX];
    char always[CACHE_MOVE_TAGS_MAX];
    struct cache_event events[CACHE_MOVE_EVENTS_MAX];
    size_t tag_count, event_count;
    bool all;          /* too many, or not known one by one */
    int64_t first;     /* number of its first change; 0: there is none */
    int64_t oldest_ms; /* when the first of them was written; 0: not known */
};

struct lane {
    struct moves *moves;
    struct joined *filling, *flying;
    struct cache_move move;
    bool under_way, again;
    int64_t sent_ns, lag_ms;
    int64_t full_ms, waited_ms; /* monotonic: since when changes wait for room, and the last did */
};

struct moves {
    uv_loop_t *loop;
    struct cache *cache;
    struct redis *redis;
    const struct plan *plans;
    size_t plan_count, lane_count;
    struct lane *lanes;
    uv_mutex_t lock; /* of what is being filled, and of the numbers */
    int64_t added;
    uv_async_t wake;
    uv_timer_t timer;
    unsigned handles;
    void (*stopped)(void *context);
    void *context;
};

/* --- On the thread --- */

static size_t moves_tag(struct joined *joined, struct str tag)
{
    size_t i = 0;

    while (i < joined->tag_count && !str_eq(joined->tags[i], tag))
        i++;
    if (i == joined->tag_count) {
        joined->always[i] = '0';
        joined->tags[joined->tag_count++] = arena_str(&joined->arena, tag);
    }
    return i;
}

static bool moves_has_room(const struct joined *joined, const struct moves_change *change)
{
    return joined->tag_count + change->tag_count <= CACHE_MOVE_TAGS_MAX &&
           joined->event_count < CACHE_MOVE_EVENTS_MAX;
}

static void moves_clear(struct joined *joined)
{
    arena_reset(&joined->arena);
    joined->tag_count = joined->event_count = 0;
    joined->all = false;
    joined->first = joined->oldest_ms = 0;
}

static void moves_join(struct joined *joined, const struct moves_change *change)
{
    struct cache_event *event = &joined->events[joined->event_count];
    struct str numbers = STR("");

    for (size_t i = 0; i < change->tag_count; i++) {
        size_t at = moves_tag(joined, change->tags[i]);
        if (change->own.len == 0)
            joined->always[at] = '1';
        else
            numbers = ARENA_JOIN(&joined->arena, numbers, STR(","),
                                 arena_decimal(&joined->arena, at + 1));
    }
    if (change->own.len == 0)
        return;
    *event = (struct cache_event){.own = arena_str(&joined->arena, change->own),
                                  .clear = arena_str(&joined->arena, change->clear),
                                  .tags = numbers};
    joined->event_count++;
}

static void moves_join_all(struct moves *moves, size_t lane)
{
    struct joined *joined = moves->lanes[lane].filling;
    const struct plan *plan = &moves->plans[lane];

    joined->tag_count = joined->event_count = 0;
    joined->all = true;
    (void)moves_tag(joined, plan->resource->name);
    (void)moves_tag(joined, plan_all_partitions(plan, &joined->arena));
    (void)moves_tag(joined, plan->all_items);
    memset(joined->always, '1', joined->tag_count);
}

static void moves_number(struct moves *moves, struct joined *joined, int64_t wall_ms)
{
    moves->added++;
    if (joined->first == 0)
        joined->first = moves->added;
    if (wall_ms != 0 && (joined->oldest_ms == 0 || wall_ms < joined->oldest_ms))
        joined->oldest_ms = wall_ms;
}

/* Whether changes have waited for room for so long that all tags are to be moved instead. */
static bool moves_overflows(struct moves *moves, size_t lane)
{
    struct lane *waiting = &moves->lanes[lane];
    int64_t now_ms = clock_mono_ms();

    if (now_ms - waiting->waited_ms >= MOVES_ROOM_MS)
        waiting->full_ms = now_ms;
    waiting->waited_ms = now_ms;
    return lane < moves->plan_count && now_ms - waiting->full_ms >= MOVES_ROOM_MS;
}

bool moves_add(struct moves *moves, size_t lane, const struct moves_change *change)
{
    struct joined *joined;
    bool good = true;

    uv_mutex_lock(&moves->lock);
    joined = moves->lanes[lane].filling;
    if (!joined->all && moves_has_room(joined, change))
        moves_join(joined, change);
    else if (!joined->all && moves_overflows(moves, lane))
        moves_join_all(moves, lane);
    else
        good = joined->all;
    if (good)
        moves_number(moves, joined, change->wall_ms);
    uv_mutex_unlock(&moves->lock);
    uv_async_send(&moves->wake);
    return good;
}

void moves_all(struct moves *moves, size_t lane)
{
    uv_mutex_lock(&moves->lock);
    moves_join_all(moves, lane);
    moves_number(moves, moves->lanes[lane].filling, 0);
    uv_mutex_unlock(&moves->lock);
    uv_async_send(&moves->wake);
}

int64_t moves_added(struct moves *moves)
{
    int64_t added;

    uv_mutex_lock(&moves->lock);
    added = moves->added;
    uv_mutex_unlock(&moves->lock);
    return added;
}

int64_t moves_moved(struct moves *moves)
{
    int64_t moved;

    uv_mutex_lock(&moves->lock);
    moved = moves->added;
    for (size_t i = 0; i < moves->lane_count; i++) {
        const struct joined *const both[] = {moves->lanes[i].filling, moves->lanes[i].flying};
        for (size_t j = 0; j < 2; j++)
            if (both[j]->first != 0 && both[j]->first <= moved)
                moved = both[j]->first - 1;
    }
    uv_mutex_unlock(&moves->lock);
    return moved;
}

/* --- On the loop --- */

static void moves_look(struct moves *moves);

static void moves_timed(uv_timer_t *timer)
{
    moves_look(timer->data);
}

static void moves_after(struct moves *moves, uint64_t ms)
{
    if (uv_is_closing((uv_handle_t *)&moves->timer))
        return;
    if (uv_is_active((uv_handle_t *)&moves->timer) && uv_timer_get_due_in(&moves->timer) <= ms)
        return;
    uv_timer_start(&moves->timer, moves_timed, ms, 0);
}

static void moves_ended(struct lane *lane)
{
    struct joined *joined = lane->flying;
    int64_t lag_ms = joined->oldest_ms != 0 ? clock_wall_ms() - joined->oldest_ms : -1;

    if (lag_ms > lane->lag_ms)
        lane->lag_ms = lag_ms;
    uv_mutex_lock(&lane->moves->lock);
    moves_clear(joined);
    uv_mutex_unlock(&lane->moves->lock);
}

static void moves_done(struct cache_move *move, enum err err)
{
    struct lane *lane = move->context;
    struct moves *moves = lane->moves;

    lane->under_way = false;
    lane->again = err != ERR_OK && !uv_is_closing((uv_handle_t *)&moves->timer);
    if (!lane->again)
        moves_ended(lane);
    moves_after(moves, err == ERR_OK ? FOLLOW_JOIN_MS : MOVES_AGAIN_MS);
}

static void moves_send(struct lane *lane)
{
    const struct joined *joined = lane->flying;

    lane->under_way = true;
    lane->again = false;
    lane->sent_ns = clock_mono_ns();
    lane->move = (struct cache_move){.tags = joined->tags,
                                     .always = joined->always,
                                     .tag_count = joined->tag_count,
                                     .events = joined->events,
                                     .event_count = joined->event_count,
                                     .done = moves_done,
                                     .context = lane};
    cache_move(lane->moves->cache, &lane->move);
}

/* What is under way is sent anew when Redis has not answered: once more is never wrong. */
static bool moves_has_more(const struct lane *lane)
{
    bool any;

    uv_mutex_lock(&lane->moves->lock);
    any = lane->again || lane->filling->first != 0;
    uv_mutex_unlock(&lane->moves->lock);
    return any;
}

static void moves_take(struct lane *lane)
{
    struct joined *filled = lane->filling;

    if (lane->again)
        return;
    uv_mutex_lock(&lane->moves->lock);
    lane->filling = lane->flying;
    lane->flying = filled;
    uv_mutex_unlock(&lane->moves->lock);
}

static void moves_look(struct moves *moves)
{
    int64_t now_ns = clock_mono_ns();

    if (!cache_can_move(moves->cache)) {
        redis_wake(moves->redis);
        moves_after(moves, MOVES_AGAIN_MS);
        return;
    }
    for (size_t i = 0; i < moves->lane_count; i++) {
        struct lane *lane = &moves->lanes[i];
        int64_t left_ns = lane->sent_ns + (int64_t)FOLLOW_JOIN_MS * 1000000 - now_ns;
        if (lane->under_way || !moves_has_more(lane))
            continue;
        if (left_ns > 0) {
            moves_after(moves, (uint64_t)left_ns / 1000000 + 1);
        } else {
            moves_take(lane);
            moves_send(lane);
        }
    }
}

static void moves_woken(uv_async_t *wake)
{
    moves_look(wake->data);
}

void moves_drop(struct moves *moves)
{
    uv_mutex_lock(&moves->lock);
    for (size_t i = 0; i < moves->lane_count; i++) {
        struct lane *lane = &moves->lanes[i];
        moves_clear(lane->filling);
        if (!lane->under_way)
            moves_clear(lane->flying);
        lane->again = false;
    }
    uv_mutex_unlock(&moves->lock);
}

int64_t moves_lag_ms(struct moves *moves, size_t lane)
{
    int64_t lag_ms = moves->lanes[lane].lag_ms;

    moves->lanes[lane].lag_ms = -1;
    return lag_ms;
}

/* --- Life --- */

static struct joined *moves_room(void)
{
    struct joined *joined = mem_zalloc(sizeof *joined);

    arena_init(&joined->arena, NULL, 0);
    return joined;
}

struct moves *moves_new(uv_loop_t *loop, struct cache *cache, struct redis *redis,
                        const struct plan *plans, size_t plan_count)
{
    struct moves *moves = mem_zalloc(sizeof *moves);

    moves->loop = loop;
    moves->cache = cache;
    moves->redis = redis;
    moves->plans = plans;
    moves->plan_count = plan_count;
    moves->lane_count = plan_count + 1;
    moves->lanes = mem_zalloc(moves->lane_count * sizeof *moves->lanes);
    for (size_t i = 0; i < moves->lane_count; i++)
        moves->lanes[i] = (struct lane){
            .moves = moves, .filling = moves_room(), .flying = moves_room(), .lag_ms = -1};
    uv_mutex_init(&moves->lock);
    uv_async_init(loop, &moves->wake, moves_woken);
    uv_timer_init(loop, &moves->timer);
    moves->wake.data = moves->timer.data = moves;
    moves->handles = 2;
    return moves;
}

static void moves_closed(uv_handle_t *handle)
{
    struct moves *moves = handle->data;

    if (--moves->handles == 0)
        moves->stopped(moves->context);
}

void moves_stop(struct moves *moves, void (*done)(void *context), void *context)
{
    moves->stopped = done;
    moves->context = context;
    uv_close((uv_handle_t *)&moves->wake, moves_closed);
    uv_close((uv_handle_t *)&moves->timer, moves_closed);
}

void moves_free(struct moves *moves)
{
    if (moves == NULL)
        return;
    for (size_t i = 0; i < moves->lane_count; i++) {
        moves_clear(moves->lanes[i].filling);
        moves_clear(moves->lanes[i].flying);
        free(moves->lanes[i].filling);
        free(moves->lanes[i].flying);
    }
    uv_mutex_destroy(&moves->lock);
    free(moves->lanes);
    free(moves);
}
