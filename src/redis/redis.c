/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/idiom.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/trace.h"
#include "redis/redis_error.h"
#include "redis/redis_library.h"
#include "redis/redis_link.h"
#include "redis/redis_private.h"
#include "redis/redis_requests.h"

enum { NAME_SIZE = 320, REASON_SIZE = 256, COMPLAINT_MS = 1000, COMPLAINT_AGAIN_MS = 60000 };

#define DOTTED(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)
#define TEXT(number)                TEXT_OF(number)
#define TEXT_OF(number)             #number

struct redis {
    struct redis_config config;
    struct redis_url url;
    char *name, *probe_key;
    char target[NAME_SIZE];
    char reason[REASON_SIZE];  /* why it is down; empty when it is READY */
    char refusal[REASON_SIZE]; /* of the error reply that came last */
    char full[REASON_SIZE];    /* the refusal since which it takes no writes */
    enum redis_state state;
    struct redis_link *link;
    unsigned failures;
    uint64_t tried_ms, refused_ms, complained_ms;
    uint64_t generation;
    bool refused;
    uv_timer_t retry, probe;
    struct redis_requests requests;
    void (*lost)(void *context);
    void *lost_context;
    void (*done)(void *context);
    void *done_context;
    unsigned refs; /* handles and links, once closing */
};

static void connect_now(struct redis *redis);

const struct redis_config *redis_settings(const struct redis *redis)
{
    return &redis->config;
}

const struct redis_url *redis_address(const struct redis *redis)
{
    return &redis->url;
}

enum redis_state redis_state(const struct redis *redis)
{
    return redis->state;
}

bool redis_ready(const struct redis *redis)
{
    return redis->state == REDIS_READY;
}

bool redis_writable(const struct redis *redis)
{
    return redis->state == REDIS_READY && !redis->refused;
}

const char *redis_reason(const struct redis *redis)
{
    return redis->state == REDIS_READY && redis->refused ? redis->full : redis->reason;
}

const char *redis_refusal(const struct redis *redis)
{
    return redis->refusal;
}

uint64_t redis_generation(const struct redis *redis)
{
    return redis->generation;
}

void redis_watch(struct redis *redis, void (*lost)(void *context), void *context)
{
    redis->lost = lost;
    redis->lost_context = context;
}

static void enter(struct redis *redis, enum redis_state state)
{
    if (redis->state == state)
        return;
    redis->state = state;
    if (redis->config.on_state != NULL)
        redis->config.on_state(redis->config.context, redis, state);
}

/* Commands. */

static void on_probe_due(uv_timer_t *timer);

static void refuse_writes(struct redis *redis, struct str text)
{
    if (redis->refused || redis->state != REDIS_READY)
        return;
    redis->refused = true;
    memcpy(redis->full, redis->refusal, sizeof redis->full);
    log_warn("redis", "writes refused", LOG_STR("reason", text));
    uv_timer_start(&redis->probe, on_probe_due, redis->config.probe_ms, 0);
}

/* A line a second at most, and of the same refusal one a minute. */
static void complain(struct redis *redis, const char *command, struct str text, bool again)
{
    uint64_t now = uv_now(redis->config.loop);

    if (redis->state != REDIS_READY || now - redis->refused_ms < COMPLAINT_MS)
        return;
    redis->refused_ms = now;
    if (!again || now - redis->complained_ms >= COMPLAINT_AGAIN_MS) {
        redis->complained_ms = now;
        log_warn("redis", "error reply", LOG_CSTR("command", command), LOG_STR("reason", text));
    }
    if (redis->config.on_refused != NULL)
        redis->config.on_refused(redis->config.context, redis);
}

static enum err redis_judge(struct redis *redis, const char *command,
                            const struct redis_value *reply)
{
    struct str text = redis_words(redis_str(reply));
    enum err err = redis_error(text);
    char refusal[REASON_SIZE];
    bool again;

    if (err == ERR_NOT_FOUND)
        return err;
    snprintf(refusal, sizeof refusal, "%s is refused: %.*s", command, (int)text.len, text.ptr);
    again = strcmp(refusal, redis->refusal) == 0;
    memcpy(redis->refusal, refusal, sizeof redis->refusal);
    if (err == ERR_READ_ONLY)
        refuse_writes(redis, text);
    else if (err == ERR_UNAVAILABLE && str_starts(text, STR("LOADING")))
        redis_reset(redis, "Redis is loading its data");
    else
        complain(redis, command, text, again);
    return err;
}

static void on_reply(void *context, enum err err, const struct redis_value *reply)
{
    struct redis_request request = *(struct redis_request *)context;
    int64_t took_ns = clock_mono_ns() - request.sent_ns;
    struct trace *before = trace_enter(request.trace);

    histogram_add(request.kind, took_ns);
    if (request.trace != NULL)
        request.trace->redis_ns += took_ns;
    redis_request_put(&request.redis->requests, context);
    if (err == ERR_TIMEOUT)
        metric_inc(METRIC_REDIS_TIMEOUTS);
    if (err == ERR_OK && redis_type(reply) == REDIS_ERROR)
        err = redis_judge(request.redis, request.command, reply);
    request.callback(request.context, err, err == ERR_OK ? reply : NULL);
    trace_leave(before);
    trace_put(request.trace);
}

/* "MGET"; "CLIENT TRACKING": what its rights are given for. */
static void name_command(char name[static REDIS_COMMAND_SIZE], size_t argc, const struct str argv[])
{
    size_t words = argc > 1 && str_eq(argv[0], STR("CLIENT")) ? 2 : 1, at = 0;

    for (size_t i = 0; i < words; i++) {
        size_t room = REDIS_COMMAND_SIZE - 2 - at;
        size_t len = argv[i].len < room ? argv[i].len : room;
        if (i > 0)
            name[at++] = ' ';
        memcpy(name + at, argv[i].ptr, len);
        at += len;
    }
    name[at] = '\0';
}

void redis_send(struct redis *redis, bool early, enum histogram kind, size_t argc,
                const struct str argv[], redis_callback *callback, void *context)
{
    struct redis_request *request = redis_request_take(&redis->requests, redis, callback, context);
    bool open = redis->state == REDIS_READY || (early && redis->state == REDIS_PREPARING);

    name_command(request->command, argc, argv);
    request->kind = kind != HISTOGRAM_NONE ? kind : HISTOGRAM_REDIS_OTHER;
    request->sent_ns = clock_mono_ns();
    if (open && redis->link != NULL &&
        redis_link_send(redis->link, argc, argv, on_reply, request)) {
        metric_inc(METRIC_REDIS_COMMANDS);
        return;
    }
    redis_request_fail(&redis->requests, request,
                       redis->state == REDIS_CLOSING ? ERR_CANCELED : ERR_UNAVAILABLE);
    redis_wake(redis);
}

/* Commands that are more than their name are scripts, which say themselves what they are. */
static enum histogram kind_of(struct str command)
{
    static const struct {
        struct str command;
        enum histogram kind;
    } kinds[] = {
        {STR_INIT("MGET"), HISTOGRAM_REDIS_LOOKUP},    {STR_INIT("SET"), HISTOGRAM_REDIS_STORE},
        {STR_INIT("PEXPIRE"), HISTOGRAM_REDIS_STORE},  {STR_INIT("INCRBY"), HISTOGRAM_REDIS_COUNT},
        {STR_INIT("ZINCRBY"), HISTOGRAM_REDIS_COUNT},  {STR_INIT("SCAN"), HISTOGRAM_REDIS_RECLAIM},
        {STR_INIT("UNLINK"), HISTOGRAM_REDIS_RECLAIM},
    };

    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_eq(kinds[i].command, command))
            return kinds[i].kind;
    return HISTOGRAM_REDIS_OTHER;
}

void redis_command(struct redis *redis, size_t argc, const struct str argv[],
                   redis_callback *callback, void *context)
{
    redis_send(redis, false, kind_of(argv[0]), argc, argv, callback, context);
}

void redis_command_early(struct redis *redis, size_t argc, const struct str argv[],
                         redis_callback *callback, void *context)
{
    redis_send(redis, true, kind_of(argv[0]), argc, argv, callback, context);
}

void redis_ignore(void *context, enum err err, const struct redis_value *reply)
{
    (void)context, (void)err, (void)reply;
}

/* Finding out whether writes are taken again. */

static void on_probed(void *context, enum err err, const struct redis_value *reply)
{
    struct redis *redis = context;

    (void)reply;
    if (redis->state != REDIS_READY)
        return;
    if (err == ERR_OK) {
        redis->refused = false;
        log_info("redis", "writes accepted again");
    } else {
        uv_timer_start(&redis->probe, on_probe_due, redis->config.probe_ms, 0);
    }
}

static void on_probe_due(uv_timer_t *timer)
{
    struct redis *redis = timer->data;
    struct str argv[] = {STR("SET"), str_from(redis->probe_key), STR("1"), STR("EX"), STR("1")};

    if (redis->state == REDIS_READY && redis->refused)
        redis_command(redis, 5, argv, on_probed, redis);
}

/* The connection's life. */

static void unref(struct redis *redis)
{
    if (--redis->refs > 0)
        return;
    redis_requests_free(&redis->requests);
    if (redis->done != NULL)
        redis->done(redis->done_context);
    redis_url_free(&redis->url);
    free(redis->name);
    free(redis->probe_key);
    free(redis);
}

static void on_retry(uv_timer_t *timer)
{
    connect_now(timer->data);
}

/* One line when it breaks, when the reason changes, and when it is given up. */
static void log_down(struct redis *redis, const char *reason, bool dormant)
{
    bool news = strncmp(redis->reason, reason, sizeof redis->reason - 1) != 0;
    size_t len = strnlen(reason, sizeof redis->reason - 1);

    memcpy(redis->reason, reason, len);
    redis->reason[len] = '\0';
    if (redis->failures <= 1 || news)
        log_warn("redis", "error", LOG_CSTR("target", redis->target),
                 LOG_CSTR("reason", redis->reason));
    if (dormant && redis->state != REDIS_DORMANT && redis->failures == redis->config.tries)
        log_warn("redis", "dormant", LOG_CSTR("target", redis->target),
                 LOG_INT("tries", redis->failures));
    else if (redis->failures == 1)
        log_info("redis", "reconnecting", LOG_CSTR("target", redis->target));
}

static void down(struct redis *redis, const char *reason)
{
    const struct redis_config *config = &redis->config;
    uint64_t delay;
    bool dormant;

    redis->link = NULL;
    uv_timer_stop(&redis->probe);
    if (redis->state == REDIS_CLOSING) {
        if (redis->lost != NULL)
            redis->lost(redis->lost_context);
        return;
    }
    redis->failures++;
    dormant = redis->failures >= config->tries;
    log_down(redis, reason, dormant);
    if (!dormant) {
        delay = (uint64_t)redis->failures * config->backoff_step_ms;
        delay = delay < config->backoff_max_ms ? delay : config->backoff_max_ms;
        delay = (uint64_t)random_jitter((int64_t)delay, 0.2);
        uv_timer_start(&redis->retry, on_retry, delay, 0);
    }
    enter(redis, dormant ? REDIS_DORMANT : REDIS_BACKOFF);
    if (redis->lost != NULL)
        redis->lost(redis->lost_context);
}

static void close_handles(struct redis *redis);

static void on_link_down(void *context, enum err err, const char *reason)
{
    struct redis *redis = context;

    (void)err;
    down(redis, reason);
    if (redis->state == REDIS_CLOSING)
        close_handles(redis);
}

static void on_link_up(void *context)
{
    struct redis *redis = context;

    redis->generation++;
    enter(redis, REDIS_PREPARING);
    if (redis->state != REDIS_PREPARING)
        return;
    if (redis->config.on_connect != NULL)
        redis->config.on_connect(redis->config.context, redis);
    else
        redis_prepared(redis, ERR_OK);
}

static void on_link_gone(void *context)
{
    unref(context);
}

static void connect_now(struct redis *redis)
{
    struct redis_link_config config = {
        .loop = redis->config.loop,
        .url = &redis->url,
        .name = redis->name,
        .connect_timeout_ms = redis->config.connect_timeout_ms,
        .command_timeout_ms = redis->config.command_timeout_ms,
        .context = redis,
        .on_up = on_link_up,
        .on_down = on_link_down,
        .on_gone = on_link_gone,
    };

    if (redis->state == REDIS_IDLE)
        log_info("redis", "connecting", LOG_CSTR("target", redis->target));
    redis->tried_ms = uv_now(redis->config.loop);
    redis->refs++;
    redis->link = redis_link_open(&config);
    enter(redis, REDIS_CONNECTING);
}

void redis_wake(struct redis *redis)
{
    if (redis->state == REDIS_IDLE ||
        (redis->state == REDIS_DORMANT &&
         uv_now(redis->config.loop) - redis->tried_ms >= redis->config.wake_ms))
        connect_now(redis);
}

void redis_prepared(struct redis *redis, enum err err)
{
    if (redis->state != REDIS_PREPARING)
        return;
    if (err != ERR_OK) {
        redis_reset(redis, err_text(err));
        return;
    }
    redis->failures = 0;
    redis->reason[0] = '\0';
    metric_inc(METRIC_REDIS_CONNECTS);
    log_info("redis", "ready", LOG_CSTR("target", redis->target));
    enter(redis, REDIS_READY);
    if (redis->refused)
        on_probe_due(&redis->probe);
}

void redis_reset(struct redis *redis, const char *reason)
{
    struct redis_link *link = redis->link;

    if (link == NULL || redis->state == REDIS_CLOSING)
        return;
    down(redis, reason);
    redis_link_drop(link, ERR_UNAVAILABLE);
}

struct redis *redis_new(const struct redis_config *config)
{
    struct redis *redis = mem_zalloc(sizeof *redis);
    struct redis_config *own = &redis->config;

    *own = *config;
    own->connect_timeout_ms = or_default(config->connect_timeout_ms, 200);
    own->command_timeout_ms = or_default(config->command_timeout_ms, 50);
    own->backoff_step_ms = or_default(config->backoff_step_ms, 100);
    own->backoff_max_ms = or_default(config->backoff_max_ms, 3000);
    own->tries = or_default(config->tries, 10);
    own->wake_ms = or_default(config->wake_ms, 3000);
    own->probe_ms = or_default(config->probe_ms, 1000);
    redis_url_copy(&redis->url, config->url);
    redis_url_name(&redis->url, redis->target, sizeof redis->target);
    redis->name = config->name != NULL ? mem_strdup(config->name) : NULL;
    redis->probe_key = mem_strdup(config->probe_key != NULL ? config->probe_key : "larder:probe");
    own->name = redis->name;
    own->probe_key = redis->probe_key;
    own->url = &redis->url;
    uv_timer_init(config->loop, &redis->retry);
    uv_timer_init(config->loop, &redis->probe);
    redis->retry.data = redis->probe.data = redis;
    redis_requests_init(&redis->requests, config->loop);
    redis->refs = 3;
    return redis;
}

static void on_handle_closed(uv_handle_t *handle)
{
    unref(handle->data);
}

static void close_handles(struct redis *redis)
{
    if (uv_is_closing((uv_handle_t *)&redis->retry))
        return;
    uv_close((uv_handle_t *)&redis->retry, on_handle_closed);
    uv_close((uv_handle_t *)&redis->probe, on_handle_closed);
    redis_requests_close(&redis->requests, on_handle_closed, redis);
}

void redis_close(struct redis *redis, void (*done)(void *context), void *context)
{
    struct redis_link *link = redis->link;
    bool up = redis->state == REDIS_READY || redis->state == REDIS_PREPARING;

    redis->done = done;
    redis->done_context = context;
    uv_timer_stop(&redis->retry);
    uv_timer_stop(&redis->probe);
    enter(redis, REDIS_CLOSING);
    if (link != NULL && up) {
        redis_link_quit(link);
        return;
    }
    redis->link = NULL;
    if (link != NULL)
        redis_link_drop(link, ERR_CANCELED);
    close_handles(redis);
}

/* hiredis has no version at run time. */
const char *redis_library_version(void)
{
    return DOTTED(HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
}
