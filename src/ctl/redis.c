/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "base/clock.h"
#include "base/idiom.h"
#include "ctl/ctl.h"

/* larderctl redis ping */

/* The line "name:value" of INFO's answer. */
static void print_info(void *context, const struct redis_value *reply)
{
    static const struct str names[] = {
        STR_INIT("redis_version:"),     STR_INIT("run_id:"),
        STR_INIT("uptime_in_seconds:"), STR_INIT("used_memory_human:"),
        STR_INIT("maxmemory_policy:"),  STR_INIT("evicted_keys:")};
    struct str info = redis_str(reply), line;

    (void)context;
    while (str_split(&info, '\n', &line))
        for (size_t i = 0; i < COUNT(names); i++)
            if (str_starts(line, names[i]))
                printf("%.*s\n", (int)str_find(line, '\r'), line.ptr);
}

static int run(struct ctl *ctl, int argc, char **argv)
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
        ctl_error("Redis at %s does not answer, or refuses to let us in", name);
        return CTL_FAILED;
    }
    begun_ns = clock_mono_ns();
    err = ctl_redis(ctl, 1, (const struct str[]){STR("PING")}, NULL, NULL);
    if (err != ERR_OK) {
        ctl_error("PING to %s: %s", name, err_text(err));
        return CTL_FAILED;
    }
    printf("PONG from %s in %.3f ms\n", name, (double)(clock_mono_ns() - begun_ns) / 1e6);
    err = ctl_redis(ctl, 1, (const struct str[]){STR("INFO")}, print_info, NULL);
    return err == ERR_OK || err == ERR_DENIED ? CTL_OK : CTL_FAILED;
}

const struct command command_redis_ping = {
    .name = "redis ping",
    .args = "",
    .summary = "asks Redis whether it is there, and how it is",
    .help = "Prints the time of one PING and some lines of INFO.  Exits 1 when Redis does not\n"
            "answer.\n",
    .run = run,
};
