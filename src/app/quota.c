/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/quota.h"

#include "app/state.h"
#include "app/window.h"
#include "base/clock.h"

/* KEYS counters; ARGV length of the window in ms.  Gives count and rest of the window of each.  A
 * counter never stays without an end. */
static struct redis_script script_take = {
    .text = STR_INIT("local reply = {}\n"
                     "for i = 1, #KEYS do\n"
                     "  reply[2 * i - 1] = redis.call('INCR', KEYS[i])\n"
                     "  if redis.call('PTTL', KEYS[i]) < 0 then\n"
                     "    redis.call('PEXPIRE', KEYS[i], ARGV[1])\n"
                     "  end\n"
                     "  reply[2 * i] = redis.call('PTTL', KEYS[i])\n"
                     "end\n"
                     "return reply\n")};
/* A window that is over is not opened again. */
static struct redis_script script_give = {
    .text =
        STR_INIT("for i = 1, #KEYS do\n"
                 "  if redis.call('EXISTS', KEYS[i]) == 1 then redis.call('DECR', KEYS[i]) end\n"
                 "end\n"
                 "return 1\n")};

void quota_init(struct quota *quota, struct app *app, int64_t window_ms)
{
    *quota = (struct quota){.app = app, .window_ms = window_ms};
}

void quota_key(struct quota *quota, struct str kind, struct str who)
{
    struct str parts[] = {quota->app->config.prefix, STR(":"), kind, STR(":"), who};
    char *to = quota->room[quota->key_count];
    size_t at = 0;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t len = parts[i].len < QUOTA_KEY_MAX - at ? parts[i].len : QUOTA_KEY_MAX - at;
        if (len > 0)
            memcpy(to + at, parts[i].ptr, len);
        at += len;
    }
    quota->keys[quota->key_count++] = str_make(to, at);
}

/* Counted here as well, so that this worker goes on from what it knows when Redis does not
 * answer. */
static void take_here(struct quota *quota)
{
    for (size_t i = 0; i < quota->key_count; i++)
        quota->count[i] = windows_take(quota->app->windows, quota->keys[i], quota->window_ms,
                                       clock_mono_ms(), &quota->left_ms[i]);
}

static void on_taken(void *context, enum err err, const struct redis_value *reply)
{
    struct quota *quota = context;

    quota->local = err != ERR_OK || redis_count(reply) != 2 * quota->key_count;
    for (size_t i = 0; !quota->local && i < quota->key_count; i++) {
        quota->count[i] = redis_int(redis_item(reply, 2 * i));
        quota->left_ms[i] = redis_int(redis_item(reply, 2 * i + 1));
    }
    quota->done(quota);
}

void quota_take(struct quota *quota)
{
    char text[24];
    size_t at = sizeof text;

    take_here(quota);
    if (!redis_ready(quota->app->redis)) {
        redis_wake(quota->app->redis);
        quota->local = true;
        quota->done(quota);
        return;
    }
    for (int64_t rest = quota->window_ms; rest > 0; rest /= 10)
        text[--at] = (char)('0' + rest % 10);
    redis_script(quota->app->redis, &script_take, quota->keys, quota->key_count,
                 &(struct str){text + at, sizeof text - at}, 1, on_taken, quota);
}

static void on_given(void *context, enum err err, const struct redis_value *reply)
{
    (void)context, (void)err, (void)reply;
}

void quota_give(const struct quota *quota)
{
    for (size_t i = 0; i < quota->key_count; i++)
        windows_give(quota->app->windows, quota->keys[i], clock_mono_ms());
    if (!quota->local)
        redis_script(quota->app->redis, &script_give, quota->keys, quota->key_count, NULL, 0,
                     on_given, NULL);
}

struct str client_address(const struct request *request, char room[static CLIENT_MAX])
{
    struct str address = request_param(request, STR("REMOTE_ADDR"));
    unsigned char bytes[16];

    if (address.len == 0 || address.len >= CLIENT_MAX)
        return STR("unknown");
    memcpy(room, address.ptr, address.len);
    room[address.len] = '\0';
    if (uv_inet_pton(AF_INET6, room, bytes) != 0)
        return address;
    hex_encode(bytes, 8, room);
    return str_make(room, 16);
}
