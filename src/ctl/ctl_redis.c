/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "base/clock.h"
#include "base/idiom.h"
#include "ctl/ctl.h"
#include "redis/redis_listener.h"
#include "redis/redis_trial.h"

/* larderctl redis ping */

enum { CHECK_WHY = 300, LISTEN_MS = 3000 };

/* The line "name:value" of INFO's answer. */
static void print_info(void *context, const struct redis_value *reply)
{
    static const struct str names[] = {
        STR_INIT("redis_version:"),     STR_INIT("run_id:"),
        STR_INIT("uptime_in_seconds:"), STR_INIT("used_memory_human:"),
        STR_INIT("maxmemory_policy:"),  STR_INIT("evicted_keys:"),
        STR_INIT("redis_mode:")};
    struct str info = redis_str(reply), line;

    (void)context;
    while (str_split(&info, '\n', &line))
        for (size_t i = 0; i < COUNT(names); i++)
            if (str_starts(line, names[i]))
                printf("%.*s\n", (int)str_find(line, '\r'), line.ptr);
}

/* --- Whether it does what the workers need --- */

struct check {
    bool done, cluster;
    char why[CHECK_WHY]; /* empty: all is well */
};

static void redis_finish(struct check *check, const char *why)
{
    if (!check->done)
        snprintf(check->why, sizeof check->why, "%s", why);
    check->done = true;
}

static void on_info(void *context, const struct redis_value *reply)
{
    struct check *check = context;

    print_info(NULL, reply);
    check->cluster = redis_is_cluster(redis_str(reply));
}

static void on_tried(void *context, enum err err, const char *why)
{
    redis_finish(context, err != ERR_OK ? why : "");
}

static void on_nothing(void *context)
{
    (void)context;
}

static void on_key(void *context, struct str key)
{
    (void)context, (void)key;
}

static void on_redis_beat(void *context, int64_t sent_ns)
{
    (void)sent_ns;
    redis_finish(context, "");
}

static void on_lost(void *context, enum err reason, const char *why)
{
    (void)reason;
    redis_finish(context, why);
}

/* As the worker that listens for its host: until a message has come back. */
static void hear(struct ctl *ctl, struct str prefix, struct check *check)
{
    static const struct redis_listener_events events = {.on_subscribed = on_nothing,
                                                        .on_key = on_key,
                                                        .on_flush = on_nothing,
                                                        .on_beat = on_redis_beat,
                                                        .on_lost = on_lost};
    struct buf name = BUF_INIT(CHECK_WHY), channel = BUF_INIT(CHECK_WHY);
    struct redis_listener_config config = {
        .prefix_count = 1, .lost_ms = LISTEN_MS, .events = &events, .context = check};
    struct redis_listener *listener;
    struct str names;

    buf_str(&name, prefix);
    buf_literal(&name, ":probe:");
    names = buf_view(&name);
    buf_str(&channel, prefix);
    buf_literal(&channel, ":beat:");
    config.prefixes = &names;
    config.beat_channel = buf_view(&channel);
    listener = redis_listener_start(ctl->backend.redis, &config);
    buf_free(&name);
    buf_free(&channel);
    ctl_wait(ctl, &check->done);
    redis_listener_stop(listener);
}

static bool is_of_use(struct ctl *ctl, const char *name)
{
    struct str prefix = str_from(config_text(ctl->config, CONFIG_PREFIX));
    struct check check = {0};
    enum err err = ctl_redis(ctl, 1, (const struct str[]){STR("INFO")}, on_info, &check);

    if (err != ERR_OK)
        redis_finish(&check, redis_refusal(ctl->backend.redis));
    else if (check.cluster)
        redis_finish(&check, redis_cluster_text);
    if (!check.done)
        redis_try(ctl->backend.redis, prefix, on_tried, &check);
    ctl_wait(ctl, &check.done);
    if (check.why[0] == '\0' && config_number(ctl->config, CONFIG_MEMORY) > 0) {
        check.done = false;
        hear(ctl, prefix, &check);
    }
    if (check.why[0] != '\0')
        ctl_error("Redis at %s is of no use to the workers: %s", name, check.why);
    return check.why[0] == '\0';
}

static int redis_run(struct ctl *ctl, int argc, char **argv)
{
    char name[300];
    int64_t begun_ns;
    enum err err;

    (void)argv;
    if (argc > 0)
        return ctl_usage("redis ping takes no argument");
    if (!ctl_open_redis(ctl))
        return CTL_FAILED;
    redis_url_name(&ctl->backend.redis_url, name, sizeof name);
    if (!ctl_redis_ready(ctl)) {
        ctl_error("Redis at %s does not answer, or refuses to let us in: %s", name,
                  redis_reason(ctl->backend.redis));
        return CTL_FAILED;
    }
    begun_ns = clock_mono_ns();
    err = ctl_redis(ctl, 1, (const struct str[]){STR("PING")}, NULL, NULL);
    if (err != ERR_OK) {
        ctl_error("PING to %s: %s", name, err_text(err));
        return CTL_FAILED;
    }
    printf("PONG from %s in %.3f ms\n", name, (double)(clock_mono_ns() - begun_ns) / 1e6);
    return is_of_use(ctl, name) ? CTL_OK : CTL_FAILED;
}

const struct command command_redis_ping = {
    .name = "redis ping",
    .args = "",
    .summary = "asks Redis whether it is there and of use, and how it is",
    .help =
        "Prints the time of one PING and some lines of INFO, and tries what the workers need:\n"
        "look-ups, fences, messages of writes.  Exits 1 when Redis does not answer, or refuses\n"
        "one of the commands, and says which.\n",
    .run = redis_run,
};
