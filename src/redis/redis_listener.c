/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis_listener.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "base/random.h"
#include "redis/redis_error.h"
#include "redis/redis_link.h"
#include "redis/redis_private.h"

enum { CHANNELS = 2, CHANNEL_MAX = 256, WHY_SIZE = 256, BEAT_MS = 10, LOST_MS = 1000 };

enum stage { STAGE_LINKING, STAGE_SUBSCRIBING, STAGE_TRACKING, STAGE_UP, STAGE_LOST };

struct redis_listener {
    struct redis *redis;
    struct redis_link *link;
    const struct redis_listener_events *events;
    void *context;
    enum stage stage;
    enum err reason;
    bool stopped;
    unsigned confirmed, beat_ms, lost_ms;
    uint64_t heard_ms;
    char channel[CHANNEL_MAX], client_id[24];
    struct str *prefixes;
    size_t prefix_count;
    uv_timer_t timer;
    unsigned refs; /* the timer, the link, and commands on the client's connection */
};

static void unref(struct redis_listener *listener)
{
    if (--listener->refs > 0)
        return;
    for (size_t i = 0; i < listener->prefix_count; i++)
        free((void *)(uintptr_t)listener->prefixes[i].ptr);
    free(listener->prefixes);
    free(listener);
}

static void lose_why(struct redis_listener *listener, enum err reason, const char *why)
{
    struct redis_link *link = listener->link;

    if (listener->stage == STAGE_LOST)
        return;
    listener->stage = STAGE_LOST;
    listener->link = NULL;
    redis_watch(listener->redis, NULL, NULL);
    uv_timer_stop(&listener->timer);
    if (link != NULL)
        redis_link_drop(link, ERR_CANCELED);
    listener->refs++;
    if (!listener->stopped)
        listener->events->on_lost(listener->context, reason, why);
    unref(listener);
}

static void lose(struct redis_listener *listener, enum err reason)
{
    lose_why(listener, reason, err_text(reason));
}

/* One of its own link's commands. */
static void lose_refused(struct redis_listener *listener, const char *command, struct str text)
{
    char why[WHY_SIZE];

    text = redis_words(text);
    snprintf(why, sizeof why, "%s is refused: %.*s", command, (int)text.len, text.ptr);
    lose_why(listener, ERR_UNSUPPORTED, why);
}

/* One of the client's. */
static void lose_failed(struct redis_listener *listener, enum err err)
{
    if (err == ERR_DENIED || err == ERR_PROTOCOL)
        lose_why(listener, ERR_UNSUPPORTED, redis_refusal(listener->redis));
    else
        lose(listener, err);
}

static void on_client_lost(void *context)
{
    lose(context, ERR_UNAVAILABLE);
}

/* The heartbeat. */

static void on_published(void *context, enum err err, const struct redis_value *reply)
{
    struct redis_listener *listener = context;

    (void)reply;
    if (err != ERR_OK)
        lose_failed(listener, err);
    unref(listener);
}

static void on_beat_due(uv_timer_t *timer)
{
    struct redis_listener *listener = timer->data;
    char now[24];
    struct str argv[] = {STR("PUBLISH"), str_from(listener->channel), {now, 0}};

    if (uv_now(timer->loop) - listener->heard_ms > listener->lost_ms) {
        lose(listener, ERR_TIMEOUT);
        return;
    }
    argv[2].len = (size_t)snprintf(now, sizeof now, "%" PRId64, clock_mono_ns());
    listener->refs++;
    redis_command(listener->redis, 3, argv, on_published, listener);
}

/* Tracking, on the client's connection. */

static void on_tracking_off(void *context, enum err err, const struct redis_value *reply)
{
    (void)err, (void)reply; /* there was nothing to switch off: as good */
    unref(context);
}

static void on_tracking(void *context, enum err err, const struct redis_value *reply)
{
    struct redis_listener *listener = context;

    (void)reply;
    if (listener->stage != STAGE_TRACKING) {
        unref(listener);
        return;
    }
    if (err != ERR_OK) {
        lose_failed(listener, err);
    } else {
        listener->stage = STAGE_UP;
        listener->heard_ms = uv_now(listener->timer.loop);
        listener->events->on_subscribed(listener->context);
        if (listener->stage == STAGE_UP)
            uv_timer_start(&listener->timer, on_beat_due, 0, listener->beat_ms);
    }
    unref(listener);
}

static void tracking_off(struct redis_listener *listener)
{
    listener->refs++;
    redis_command(listener->redis, 3, (struct str[]){STR("CLIENT"), STR("TRACKING"), STR("off")},
                  on_tracking_off, listener);
}

static void track(struct redis_listener *listener)
{
    enum { HEAD = 6 };
    struct str *argv = mem_array(HEAD + 2 * listener->prefix_count, sizeof *argv);
    size_t argc = HEAD;

    argv[0] = STR("CLIENT");
    argv[1] = STR("TRACKING");
    argv[2] = STR("on");
    argv[3] = STR("REDIRECT");
    argv[4] = str_from(listener->client_id);
    argv[5] = STR("BCAST");
    for (size_t i = 0; i < listener->prefix_count; i++) {
        argv[argc++] = STR("PREFIX");
        argv[argc++] = listener->prefixes[i];
    }
    listener->stage = STAGE_TRACKING;
    tracking_off(listener);
    listener->refs++;
    redis_command(listener->redis, argc, argv, on_tracking, listener);
    free(argv);
}

/* The subscription. */

static void on_invalidation(struct redis_listener *listener, const struct redis_value *keys)
{
    if (redis_type(keys) == REDIS_NIL)
        listener->events->on_flush(listener->context);
    for (size_t i = 0; i < redis_count(keys) && listener->stage >= STAGE_TRACKING &&
                       listener->stage != STAGE_LOST;
         i++)
        listener->events->on_key(listener->context, redis_str(redis_item(keys, i)));
}

static void on_redis_listener_beat(struct redis_listener *listener, struct str text)
{
    int64_t sent_ns;

    if (listener->stage != STAGE_UP || str_int(text, 0, INT64_MAX, &sent_ns) != ERR_OK)
        return;
    listener->heard_ms = uv_now(listener->timer.loop);
    listener->events->on_beat(listener->context, sent_ns);
}

static void on_message(void *context, const struct redis_value *reply)
{
    struct redis_listener *listener = context;
    struct str kind = redis_str(redis_item(reply, 0));
    struct str channel = redis_str(redis_item(reply, 1));

    if (str_eq(kind, STR("subscribe"))) {
        if (++listener->confirmed == CHANNELS && listener->stage == STAGE_SUBSCRIBING)
            track(listener);
    } else if (str_eq(kind, STR("message")) && listener->stage >= STAGE_TRACKING) {
        if (str_eq(channel, str_from(listener->channel)))
            on_redis_listener_beat(listener, redis_str(redis_item(reply, 2)));
        else
            on_invalidation(listener, redis_item(reply, 2));
    }
}

static void on_client_id(void *context, enum err err, const struct redis_value *reply)
{
    struct redis_listener *listener = context;
    struct str channels[CHANNELS] = {STR("__redis__:invalidate"), str_from(listener->channel)};

    if (err != ERR_OK || listener->stage != STAGE_LINKING)
        return;
    if (redis_type(reply) != REDIS_INTEGER) {
        lose_refused(listener, "CLIENT ID", redis_str(reply));
        return;
    }
    snprintf(listener->client_id, sizeof listener->client_id, "%" PRId64, redis_int(reply));
    listener->stage = STAGE_SUBSCRIBING;
    if (!redis_link_subscribe(listener->link, channels, CHANNELS, on_message))
        lose(listener, ERR_UNAVAILABLE);
}

static void on_link_up(void *context)
{
    struct redis_listener *listener = context;

    if (!redis_link_send(listener->link, 2, (struct str[]){STR("CLIENT"), STR("ID")}, on_client_id,
                         listener))
        lose(listener, ERR_UNAVAILABLE);
}

static void on_link_down(void *context, enum err err, const char *reason)
{
    struct redis_listener *listener = context;

    listener->link = NULL;
    /* The library hands a refused SUBSCRIBE on as a broken connection. */
    if (err == ERR_PROTOCOL && listener->stage == STAGE_SUBSCRIBING)
        lose_refused(listener, "SUBSCRIBE", str_from(reason));
    else
        lose(listener, err);
}

static void on_link_gone(void *context)
{
    unref(context);
}

static void on_not_started(uv_timer_t *timer)
{
    lose(timer->data, ERR_UNAVAILABLE);
}

/* Subscribed is not yet tracking: that the client's side takes too long shows here. */
static void on_start_overdue(uv_timer_t *timer)
{
    lose(timer->data, ERR_TIMEOUT);
}

static void open_link(struct redis_listener *listener)
{
    const struct redis_config *settings = redis_settings(listener->redis);
    struct redis_link_config config = {
        .loop = settings->loop,
        .url = redis_address(listener->redis),
        .name = settings->name,
        .connect_timeout_ms = settings->connect_timeout_ms,
        .command_timeout_ms = settings->command_timeout_ms,
        .context = listener,
        .on_up = on_link_up,
        .on_down = on_link_down,
        .on_gone = on_link_gone,
    };

    listener->refs++;
    listener->link = redis_link_open(&config);
}

static void copy_config(struct redis_listener *listener, const struct redis_listener_config *config)
{
    listener->events = config->events;
    listener->context = config->context;
    listener->beat_ms = or_default(config->beat_ms, BEAT_MS);
    listener->lost_ms = or_default(config->lost_ms, LOST_MS);
    snprintf(listener->channel, sizeof listener->channel, "%.*s%016" PRIx64,
             (int)(config->beat_channel.len < 200 ? config->beat_channel.len : 200),
             config->beat_channel.len > 0 ? config->beat_channel.ptr : "", random_u64());
    listener->prefixes = mem_array(config->prefix_count + 1, sizeof(struct str));
    listener->prefix_count = config->prefix_count;
    for (size_t i = 0; i < config->prefix_count; i++)
        listener->prefixes[i] = str_make(
            mem_strndup(config->prefixes[i].ptr, config->prefixes[i].len), config->prefixes[i].len);
}

struct redis_listener *redis_listener_start(struct redis *redis,
                                            const struct redis_listener_config *config)
{
    struct redis_listener *listener = mem_zalloc(sizeof *listener);
    uv_loop_t *loop = redis_settings(redis)->loop;

    listener->redis = redis;
    copy_config(listener, config);
    uv_timer_init(loop, &listener->timer);
    listener->timer.data = listener;
    listener->refs = 1;
    if (!redis_ready(redis)) {
        uv_timer_start(&listener->timer, on_not_started, 0, 0);
        return listener;
    }
    redis_watch(redis, on_client_lost, listener);
    uv_timer_start(&listener->timer, on_start_overdue, listener->lost_ms, 0);
    open_link(listener);
    return listener;
}

static void on_redis_listener_timer_closed(uv_handle_t *handle)
{
    unref(handle->data);
}

void redis_listener_stop(struct redis_listener *listener)
{
    if (listener == NULL || listener->stopped)
        return;
    listener->stopped = true;
    if (listener->stage == STAGE_TRACKING || listener->stage == STAGE_UP)
        tracking_off(listener);
    lose(listener, ERR_CANCELED);
    uv_close((uv_handle_t *)&listener->timer, on_redis_listener_timer_closed);
}
