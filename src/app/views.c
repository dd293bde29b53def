/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/views.h"

#include <stdlib.h>

#include "app/app_state.h"
#include "base/hash.h"
#include "base/mem.h"

enum { FLUSH_MS = 1000, SLOTS = 8192, FULL = SLOTS * 3 / 4, GONE_MAX = 1024, GONE_TIMES = 3 };
enum { ROOM = 1024 }; /* for two names */

struct item_id {
    size_t len;
    char text[ID_TEXT_MAX];
};

static struct str id_view(const struct item_id *id)
{
    return str_make(id->text, id->len);
}

static void id_set(struct item_id *to, struct str id)
{
    to->len = id.len;
    memcpy(to->text, id.ptr, id.len);
}

/* A table with linear probing; a slot with a count of 0 and no plan is empty. */
struct view {
    const struct plan *plan;
    struct item_id id;
    uint64_t count;
};

/* An item that was deleted: taken away with these flushes too, since other workers may have counted
 * views of it that are under way. */
struct gone {
    const struct plan *plan;
    struct item_id id;
    unsigned times;
};

struct views {
    struct app *app;
    uv_timer_t timer;
    size_t used, gone_count;
    struct view slots[SLOTS];
    struct gone gone[GONE_MAX];
    void (*stopped)(void *context);
    void *stopped_context;
};

static struct view *slot_of(struct views *views, const struct plan *plan, struct str id)
{
    size_t at = (size_t)(hash64(id.ptr, id.len) % SLOTS);

    while (views->slots[at].plan != NULL &&
           (views->slots[at].plan != plan || !str_eq(id_view(&views->slots[at].id), id)))
        at = (at + 1) % SLOTS;
    return &views->slots[at];
}

static void views_add(struct views *views, const struct plan *plan, struct str id, uint64_t count)
{
    struct view *view = slot_of(views, plan, id);

    if (view->plan == NULL) {
        if (views->used == FULL)
            return; /* Redis has been away for long */
        views->used++;
        view->plan = plan;
        view->count = 0;
        id_set(&view->id, id);
    }
    view->count += count;
}

void views_count(struct views *views, const struct plan *plan, struct str id, uint64_t times)
{
    if (!plan->resource->views)
        return;
    views_add(views, plan, id, times);
}

uint64_t views_waiting(const struct views *views, const struct plan *plan, struct str id)
{
    return slot_of((struct views *)(uintptr_t)views, plan, id)->count;
}

/* --- To Redis --- */

struct str views_key(const struct app *app, const struct plan *plan, struct str id,
                     struct arena *arena)
{
    return ARENA_JOIN(arena, app->config.prefix, STR(":views:"), plan->resource->name,
                      id.len > 0 ? STR(":") : STR(""), id);
}

struct sending {
    struct views *views;
    struct view view;
};

/* What was refused is counted again; what was lost on its way may have arrived. */
static void on_added(void *context, enum err err, const struct redis_value *reply)
{
    struct sending *sending = context;

    (void)reply;
    if (err == ERR_READ_ONLY)
        views_add(sending->views, sending->view.plan, id_view(&sending->view.id),
                  sending->view.count);
    free(sending);
}

static void send_view(struct views *views, const struct view *view)
{
    struct sending *sending = mem_alloc(sizeof *sending);
    char number[DECIMAL_MAX], room[ROOM];
    struct str id = id_view(&view->id), count = str_decimal(view->count, number);
    struct arena arena;

    *sending = (struct sending){views, *view};
    arena_init(&arena, room, sizeof room);
    redis_command(
        views->app->redis, 3,
        (const struct str[]){STR("INCRBY"), views_key(views->app, view->plan, id, &arena), count},
        on_added, sending);
    redis_command(views->app->redis, 4,
                  (const struct str[]){STR("ZINCRBY"),
                                       views_key(views->app, view->plan, STR(""), &arena), count,
                                       id},
                  redis_ignore, NULL);
    arena_reset(&arena);
}

static void send_gone(struct views *views, const struct gone *gone)
{
    struct str id = id_view(&gone->id);
    char room[ROOM];
    struct arena arena;

    arena_init(&arena, room, sizeof room);
    redis_command(
        views->app->redis, 2,
        (const struct str[]){STR("UNLINK"), views_key(views->app, gone->plan, id, &arena)},
        redis_ignore, NULL);
    redis_command(
        views->app->redis, 3,
        (const struct str[]){STR("ZREM"), views_key(views->app, gone->plan, STR(""), &arena), id},
        redis_ignore, NULL);
    arena_reset(&arena);
}

static void send_all_gone(struct views *views)
{
    size_t kept = 0;

    for (size_t i = 0; i < views->gone_count; i++) {
        struct gone *gone = &views->gone[i];
        send_gone(views, gone);
        if (--gone->times > 0)
            views->gone[kept++] = *gone;
    }
    views->gone_count = kept;
}

/* The commands of one turn leave in one write. */
static void flush(struct views *views)
{
    if (views->used == 0 && views->gone_count == 0)
        return;
    if (!redis_writable(views->app->redis)) {
        redis_wake(views->app->redis);
        return;
    }
    for (size_t i = 0; views->used > 0 && i < SLOTS; i++)
        if (views->slots[i].count > 0)
            send_view(views, &views->slots[i]);
    if (views->used > 0)
        memset(views->slots, 0, sizeof views->slots);
    views->used = 0;
    send_all_gone(views);
}

void views_forget(struct views *views, const struct plan *plan, struct str id)
{
    struct gone gone = {.plan = plan, .times = GONE_TIMES};

    if (!plan->resource->views)
        return;
    id_set(&gone.id, id);
    slot_of(views, plan, id)->count = 0;
    if (redis_ready(views->app->redis))
        send_gone(views, &gone);
    if (views->gone_count < GONE_MAX)
        views->gone[views->gone_count++] = gone;
}

/* --- Life --- */

static void on_views_time(uv_timer_t *timer)
{
    flush(timer->data);
}

struct views *views_new(struct app *app)
{
    struct views *views = mem_zalloc(sizeof *views);

    views->app = app;
    uv_timer_init(app->loop, &views->timer);
    views->timer.data = views;
    uv_timer_start(&views->timer, on_views_time, FLUSH_MS, FLUSH_MS);
    return views;
}

static void on_close(uv_handle_t *handle)
{
    struct views *views = handle->data;

    views->stopped(views->stopped_context);
}

void views_stop(struct views *views, void (*done)(void *context), void *context)
{
    flush(views);
    views->stopped = done;
    views->stopped_context = context;
    uv_close((uv_handle_t *)&views->timer, on_close);
}

void views_free(struct views *views)
{
    free(views);
}
