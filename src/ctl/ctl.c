/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/ctl.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

enum { READY_MS = 3000, TICK_MS = 20, PROBLEMS_MAX = 1 << 20 };

static void __attribute__((format(printf, 1, 0))) say(const char *format, va_list args)
{
    fputs("larderctl: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void ctl_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
}

int ctl_usage(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
    fputs("larderctl: --help says more\n", stderr);
    return CTL_USAGE;
}

/* --- Opening and closing --- */

static bool say_problems(struct buf *problems, enum err err)
{
    if (problems->len > 0)
        fwrite(problems->ptr, 1, problems->len, stderr);
    else if (err != ERR_OK)
        ctl_error("%s", err_text(err));
    buf_free(problems);
    return err == ERR_OK;
}

static bool open_loop(struct ctl *ctl)
{
    ctl->loop_open = uv_loop_init(&ctl->loop) == 0;
    if (ctl->loop_open)
        uv_timer_init(&ctl->loop, &ctl->tick);
    else
        ctl_error("no event loop can be made");
    return ctl->loop_open;
}

bool ctl_open_all(struct ctl *ctl)
{
    struct buf problems = BUF_INIT(CONFIG_FILE_MAX);
    enum err err;

    if (!open_loop(ctl))
        return false;
    ctl->backend_open = true;
    err = backend_attach(&ctl->backend, ctl->config, BACKEND_TOOL, &problems);
    if (err == ERR_OK)
        err = backend_open(&ctl->backend, ctl->config, BACKEND_TOOL, &ctl->loop, &problems);
    return say_problems(&problems, err);
}

bool ctl_open_redis(struct ctl *ctl)
{
    struct buf problems = BUF_INIT(CONFIG_FILE_MAX);

    if (!open_loop(ctl))
        return false;
    ctl->backend_open = true;
    return say_problems(&problems,
                        backend_open_redis(&ctl->backend, ctl->config, &ctl->loop, &problems));
}

bool ctl_open_mongo(struct ctl *ctl)
{
    struct buf problems = BUF_INIT(CONFIG_FILE_MAX);

    if (!open_loop(ctl))
        return false;
    ctl->backend_open = true;
    return say_problems(&problems,
                        backend_open_mongo(&ctl->backend, ctl->config, &ctl->loop, &problems));
}

bool ctl_open_servers(struct ctl *ctl)
{
    struct buf problems = BUF_INIT(CONFIG_FILE_MAX);
    enum err err;

    if (!open_loop(ctl))
        return false;
    ctl->backend_open = true;
    err = backend_open_mongo(&ctl->backend, ctl->config, &ctl->loop, &problems);
    if (err == ERR_OK)
        err = backend_open_redis(&ctl->backend, ctl->config, &ctl->loop, &problems);
    return say_problems(&problems, err);
}

static void on_ctl_closed(void *context)
{
    (void)context;
}

void ctl_close(struct ctl *ctl)
{
    schema_free(ctl->schema);
    ctl->schema = NULL;
    if (!ctl->loop_open)
        return;
    if (ctl->backend_open)
        backend_close(&ctl->backend, on_ctl_closed, NULL);
    uv_close((uv_handle_t *)&ctl->tick, NULL);
    uv_run(&ctl->loop, UV_RUN_DEFAULT);
    backend_detach(&ctl->backend);
    uv_loop_close(&ctl->loop);
    ctl->backend_open = ctl->loop_open = false;
}

/* --- Resources --- */

bool ctl_load_schema(struct ctl *ctl)
{
    struct buf problems = BUF_INIT(PROBLEMS_MAX);
    enum err err = ERR_OK;

    if (ctl->schema == NULL)
        err = schema_load(config_text(ctl->config, CONFIG_RESOURCES), &ctl->schema, &problems);
    return say_problems(&problems, err);
}

const struct resource *ctl_resource(struct ctl *ctl, const char *name)
{
    const struct resource *resource;

    if (!ctl_load_schema(ctl))
        return NULL;
    resource = schema_find(ctl->schema, str_from(name));
    if (resource == NULL)
        ctl_error("there is no resource \"%s\": larderctl resource list shows those that exist",
                  name);
    return resource;
}

/* --- Waiting --- */

void ctl_wait(struct ctl *ctl, const bool *flag)
{
    while (!*flag)
        uv_run(&ctl->loop, UV_RUN_ONCE);
}

static void on_ctl_tick(uv_timer_t *timer)
{
    (void)timer;
}

bool ctl_redis_ready(struct ctl *ctl)
{
    struct redis *redis = ctl->backend.redis;
    int64_t deadline_ms = clock_mono_ms() + READY_MS;

    redis_wake(redis);
    uv_timer_start(&ctl->tick, on_ctl_tick, TICK_MS, TICK_MS);
    while (!redis_ready(redis) && !redis_is(redis, REDIS_BACKOFF) &&
           !redis_is(redis, REDIS_DORMANT) && clock_mono_ms() < deadline_ms)
        uv_run(&ctl->loop, UV_RUN_ONCE);
    uv_timer_stop(&ctl->tick);
    return redis_ready(redis);
}

struct call {
    void (*on_reply)(void *context, const struct redis_value *reply);
    void *context;
    enum err err;
    bool done;
};

static void on_answer(void *context, enum err err, const struct redis_value *reply)
{
    struct call *call = context;

    if (err == ERR_OK && call->on_reply != NULL)
        call->on_reply(call->context, reply);
    call->err = err;
    call->done = true;
}

enum err ctl_redis(struct ctl *ctl, size_t argc, const struct str argv[],
                   void (*on_reply)(void *context, const struct redis_value *reply), void *context)
{
    struct call call = {.on_reply = on_reply, .context = context};

    redis_command(ctl->backend.redis, argc, argv, on_answer, &call);
    ctl_wait(ctl, &call.done);
    return call.err;
}

void ctl_take_int(void *context, const struct redis_value *reply)
{
    *(int64_t *)context = redis_int(reply);
}
