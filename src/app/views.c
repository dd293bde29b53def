/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/views.h"

#include <stdlib.h>

#include "app/state.h"
#include "base/hash.h"
#include "base/mem.h"

enum { FLUSH_MS = 1000, SLOTS = 8192, FULL = SLOTS * 3 / 4, KEY_MAX = 128 };

/* A table with linear probing; a slot with a count of 0 and no plan is empty. */
struct view {
    const struct plan *plan;
    struct oid id;
    uint64_t count;
};

struct views {
    struct app *app;
    uv_timer_t timer;
    size_t used;
    struct view slots[SLOTS];
    void (*stopped)(void *context);
    void *stopped_context;
};

static struct view *slot_of(struct views *views, const struct plan *plan, const struct oid *id)
{
    size_t at = (size_t)(hash64(id->bytes, OID_SIZE) % SLOTS);

    while (views->slots[at].plan != NULL &&
           (views->slots[at].plan != plan ||
            memcmp(views->slots[at].id.bytes, id->bytes, OID_SIZE) != 0))
        at = (at + 1) % SLOTS;
    return &views->slots[at];
}

static void add(struct views *views, const struct plan *plan, const struct oid *id, uint64_t count)
{
    struct view *view = slot_of(views, plan, id);

    if (view->plan == NULL) {
        if (views->used == FULL)
            return; /* Redis has been away for long */
        views->used++;
        *view = (struct view){plan, *id, 0};
    }
    view->count += count;
}

void views_count(struct views *views, const struct plan *plan, const struct oid *id)
{
    add(views, plan, id, 1);
}

uint64_t views_waiting(const struct views *views, const struct plan *plan, const struct oid *id)
{
    return slot_of((struct views *)(uintptr_t)views, plan, id)->count;
}

/* --- To Redis --- */

struct name {
    char text[KEY_MAX];
    size_t len;
};

static void put(struct name *name, struct str s)
{
    memcpy(name->text + name->len, s.ptr, s.len);
    name->len += s.len;
}

/* "<prefix>:views:products", a prefix having at most 32 bytes, and with the id ":<id>". */
static struct str key_of(const struct views *views, const struct plan *plan, const char *id,
                         struct name *room)
{
    room->len = 0;
    put(room, views->app->config.prefix);
    put(room, STR(":views:"));
    put(room, plan->resource->name);
    if (id != NULL) {
        put(room, STR(":"));
        put(room, str_make(id, OID_HEX_SIZE));
    }
    return str_make(room->text, room->len);
}

struct sending {
    struct views *views;
    struct view view;
};

/* What certainly did not arrive is counted again. */
static void on_added(void *context, enum err err, const struct redis_value *reply)
{
    struct sending *sending = context;

    (void)reply;
    if (err == ERR_UNAVAILABLE || err == ERR_READ_ONLY)
        add(sending->views, sending->view.plan, &sending->view.id, sending->view.count);
    free(sending);
}

static void ignore(void *context, enum err err, const struct redis_value *reply)
{
    (void)context, (void)err, (void)reply;
}

static void send_view(struct views *views, const struct view *view)
{
    struct sending *sending = mem_alloc(sizeof *sending);
    char id[OID_HEX_SIZE], number[DECIMAL_MAX];
    struct name key, set;
    struct str count;

    *sending = (struct sending){views, *view};
    oid_text(&view->id, id);
    count = str_decimal(view->count, number);
    redis_command(views->app->redis, 3,
                  (const struct str[]){STR("INCRBY"), key_of(views, view->plan, id, &key), count},
                  on_added, sending);
    redis_command(views->app->redis, 4,
                  (const struct str[]){STR("ZINCRBY"), key_of(views, view->plan, NULL, &set), count,
                                       str_make(id, OID_HEX_SIZE)},
                  ignore, NULL);
}

/* The commands of one turn leave in one write. */
static void flush(struct views *views)
{
    if (views->used == 0)
        return;
    if (!redis_writable(views->app->redis)) {
        redis_wake(views->app->redis);
        return;
    }
    for (size_t i = 0; i < SLOTS; i++)
        if (views->slots[i].count > 0)
            send_view(views, &views->slots[i]);
    memset(views->slots, 0, sizeof views->slots);
    views->used = 0;
}

void views_forget(struct views *views, const struct plan *plan, const struct oid *id)
{
    char hex[OID_HEX_SIZE];
    struct name key, set;

    slot_of(views, plan, id)->count = 0;
    if (!redis_ready(views->app->redis))
        return;
    oid_text(id, hex);
    redis_command(views->app->redis, 2,
                  (const struct str[]){STR("UNLINK"), key_of(views, plan, hex, &key)}, ignore,
                  NULL);
    redis_command(views->app->redis, 3,
                  (const struct str[]){STR("ZREM"), key_of(views, plan, NULL, &set),
                                       str_make(hex, OID_HEX_SIZE)},
                  ignore, NULL);
}

/* --- Life --- */

static void on_time(uv_timer_t *timer)
{
    flush(timer->data);
}

struct views *views_new(struct app *app)
{
    struct views *views = mem_zalloc(sizeof *views);

    views->app = app;
    uv_timer_init(app->loop, &views->timer);
    views->timer.data = views;
    uv_timer_start(&views->timer, on_time, FLUSH_MS, FLUSH_MS);
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
