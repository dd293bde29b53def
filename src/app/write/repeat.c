/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/repeat.h"

enum { ID_MAX = 64, WAIT_MS = 25, WAITS_MAX = 20 };
#define LIFE_S "60" /* nginx gives up on a request long before */

/* Empty where there is none. */
static struct str repeat_key(const struct app *app, struct request *request)
{
    struct str id = request_param(request, STR("REQUEST_ID"));

    if (id.len == 0 || id.len > ID_MAX)
        return STR("");
    return ARENA_JOIN(&request->arena, app->config.prefix, STR(":deleted:"), id);
}

void repeat_mark(struct app *app, struct request *request)
{
    struct str key = repeat_key(app, request);

    if (key.len > 0 && redis_writable(app->redis))
        redis_command(app->redis, 5,
                      (const struct str[]){STR("SET"), key, STR("1"), STR("EX"), STR(LIFE_S)},
                      redis_ignore, NULL);
}

static void on_close(uv_handle_t *handle)
{
    const struct repeat *repeat = handle->data;

    repeat->done(repeat->context, repeat->found);
}

static void on_mark(void *context, enum err err, const struct redis_value *reply)
{
    struct repeat *repeat = context;

    repeat->found = err == ERR_OK && redis_str(reply).len > 0;
    uv_close((uv_handle_t *)&repeat->timer, on_close);
}

static void on_repeat_time(uv_timer_t *timer)
{
    struct repeat *repeat = timer->data;
    struct redis *redis = repeat->app->redis;
    bool connecting = redis_is(redis, REDIS_CONNECTING) || redis_is(redis, REDIS_PREPARING);

    if (connecting && repeat->waits++ < WAITS_MAX)
        uv_timer_start(timer, on_repeat_time, WAIT_MS, 0);
    else
        redis_command(redis, 2, (const struct str[]){STR("GET"), repeat->key}, on_mark, repeat);
}

void repeat_ask(struct repeat *repeat, struct app *app, struct request *request)
{
    repeat->app = app;
    repeat->key = repeat_key(app, request);
    repeat->found = false;
    repeat->waits = 0;
    uv_timer_init(app->loop, &repeat->timer);
    repeat->timer.data = repeat;
    if (repeat->key.len > 0)
        on_repeat_time(&repeat->timer);
    else
        uv_close((uv_handle_t *)&repeat->timer, on_close);
}
