/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "ctl/walk.h"

/* larderctl cache ttl, expire and persist: how long one entry stays in Redis. */

/* Sends "command <key of name> argument" and gives its integer. */
static enum err cache_key_ask(struct ctl *ctl, const char *command, const char *name,
                              const char *argument, int64_t *reply)
{
    struct buf key = BUF_INIT(2 * NAME_MAX_);
    enum err err = ERR_UNAVAILABLE;

    if (walk_find(ctl, name, &key)) {
        err = ctl_redis(ctl, argument != NULL ? 3 : 2,
                        (const struct str[]){str_from(command), buf_view(&key), str_from(argument)},
                        ctl_take_int, reply);
        if (err != ERR_OK)
            ctl_error("Redis: %s", err_text(err));
    }
    buf_free(&key);
    return err;
}

static bool is_name(int argc, char **argv, int count)
{
    return argc == count && argv[0][0] != '\0' && strlen(argv[0]) <= NAME_MAX_ &&
           name_is_entry(str_from(argv[0]));
}

static int say_missing(const char *name)
{
    ctl_error("there is no entry %s", name);
    return CTL_FAILED;
}

static int run_ttl(struct ctl *ctl, int argc, char **argv)
{
    int64_t ms;

    if (!is_name(argc, argv, 1))
        return ctl_usage("cache ttl takes the name of one entry, as cache list shows it");
    if (cache_key_ask(ctl, "PTTL", argv[0], NULL, &ms) != ERR_OK)
        return CTL_FAILED;
    if (ms == -2)
        return say_missing(argv[0]);
    if (ms == -1)
        puts("pinned");
    else
        printf("%.3f s\n", (double)ms / 1000);
    return CTL_OK;
}

static int run_expire(struct ctl *ctl, int argc, char **argv)
{
    int64_t changed;
    uint64_t seconds;

    if (!is_name(argc, argv, 2) || str_uint(str_from(argv[1]), 1, 86400, &seconds) != ERR_OK)
        return ctl_usage("cache expire takes the name of one entry, as cache list shows it, and "
                         "1 to 86400 seconds");
    if (cache_key_ask(ctl, "EXPIRE", argv[0], argv[1], &changed) != ERR_OK)
        return CTL_FAILED;
    return changed == 1 ? CTL_OK : say_missing(argv[0]);
}

static int run_persist(struct ctl *ctl, int argc, char **argv)
{
    int64_t ms, changed;

    if (!is_name(argc, argv, 1))
        return ctl_usage("cache persist takes the name of one entry, as cache list shows it");
    if (cache_key_ask(ctl, "PERSIST", argv[0], NULL, &changed) != ERR_OK)
        return CTL_FAILED;
    if (changed == 1)
        return CTL_OK;
    ctl_close(ctl);
    if (cache_key_ask(ctl, "PTTL", argv[0], NULL, &ms) != ERR_OK)
        return CTL_FAILED;
    return ms == -1 ? CTL_OK : say_missing(argv[0]);
}

const struct command command_cache_ttl = {
    .name = "cache ttl",
    .args = "NAME",
    .summary = "says how long one entry still stays in Redis",
    .help = "NAME as cache list shows it, such as product:65a1b2c3d4e5f60718293a4b.\n",
    .run = run_ttl,
};

const struct command command_cache_expire = {
    .name = "cache expire",
    .args = "NAME SECONDS",
    .summary = "lets one entry stay in Redis for so long from now",
    .help = "The entry's own times stay: past them it is no answer while MongoDB is there.\n",
    .run = run_expire,
};

const struct command command_cache_persist = {
    .name = "cache persist",
    .args = "NAME",
    .summary = "pins one entry: it stays in Redis until it is filled again",
    .help = "The entry's own times stay: past them it is no answer while MongoDB is there, and\n"
            "the next one to fill it sets a time again.\n",
    .run = run_persist,
};
