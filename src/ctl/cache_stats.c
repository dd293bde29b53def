/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "ctl/walk.h"
#include "ctl/warm.h"

/* larderctl cache stats: what there is in Redis, by kind. */

enum { KIND_SIZE = 33 };

struct counting {
    struct walk walk; /* first */
    struct kind {
        char name[KIND_SIZE];
        uint64_t count;
    } * kinds;
    size_t kind_count, kind_size;
};

static void count_one(struct counting *counting, struct str name)
{
    size_t i = 0;

    name.len = str_find(name, ':');
    if (name.len >= KIND_SIZE)
        name.len = KIND_SIZE - 1;
    while (i < counting->kind_count && !str_eq(str_from(counting->kinds[i].name), name))
        i++;
    if (i == counting->kind_count) {
        if (i == counting->kind_size) {
            counting->kind_size = 2 * i + 16;
            counting->kinds =
                mem_realloc(counting->kinds, counting->kind_size * sizeof *counting->kinds);
        }
        counting->kinds[counting->kind_count++] = (struct kind){.count = 0};
        memcpy(counting->kinds[i].name, name.ptr, name.len);
    }
    counting->kinds[i].count++;
}

static enum err count_keys(struct walk *walk)
{
    const char *key = walk->keys.ptr;

    for (size_t i = 0; i < walk->count; i++, key += strlen(key) + 1)
        count_one((struct counting *)walk, str_from(key + walk->base.len));
    return ERR_OK;
}

static void print_info(void *context, const struct redis_value *reply)
{
    static const struct str shown[] = {STR_INIT("keyspace_hits:"), STR_INIT("keyspace_misses:"),
                                       STR_INIT("evicted_keys:"), STR_INIT("expired_keys:")};
    struct str info = redis_str(reply), line;

    (void)context;
    while (str_split(&info, '\n', &line))
        for (size_t i = 0; i < COUNT(shown); i++)
            if (str_starts(line, shown[i]))
                printf("%-16.*s %.*s\n", (int)shown[i].len - 1, line.ptr,
                       (int)(str_find(line, '\r') - shown[i].len), line.ptr + shown[i].len);
}

static void print_warmed(void *context, const struct redis_value *reply)
{
    struct str at = redis_str(redis_item(reply, 0)), entries = redis_str(redis_item(reply, 1));
    char text[CLOCK_ISO_SIZE];
    int64_t at_ms;

    (void)context;
    if (str_int(at, 0, INT64_MAX, &at_ms) != ERR_OK)
        return;
    clock_iso(at_ms, text);
    printf("%-16s %.*s %s, %.*s\n", "warmed", (int)entries.len, entries.ptr,
           str_eq(entries, STR("1")) ? "entry" : "entries", CLOCK_ISO_SIZE, text);
}

static enum err print_all(struct ctl *ctl, struct counting *counting)
{
    struct warm_keys keys;
    enum err err = walk_keys(&counting->walk);

    for (size_t i = 0; err == ERR_OK && i < counting->kind_count; i++)
        printf("%-16s %llu\n", counting->kinds[i].name,
               (unsigned long long)counting->kinds[i].count);
    warm_keys(ctl, &keys);
    if (err == ERR_OK)
        err = ctl_redis(
            ctl, 3, (const struct str[]){STR("MGET"), str_from(keys.at), str_from(keys.entries)},
            print_warmed, NULL);
    if (err == ERR_OK)
        err = ctl_redis(ctl, 2, (const struct str[]){STR("INFO"), STR("stats")}, print_info, NULL);
    return err;
}

static int cache_stats_run(struct ctl *ctl, int argc, char **argv)
{
    struct counting counting = {.walk = {.each = count_keys}};
    enum err err = ERR_UNAVAILABLE;

    (void)argv;
    if (argc != 0)
        return ctl_usage("cache stats takes nothing");
    if (walk_open(&counting.walk, ctl, "*"))
        err = print_all(ctl, &counting);
    free(counting.kinds);
    return walk_close(&counting.walk, err);
}

const struct command command_cache_stats = {
    .name = "cache stats",
    .args = "",
    .summary = "counts the entries in Redis by kind",
    .help = "And shows when the cache was last warmed, and how Redis' look-ups went since it\n"
            "started.  What the workers count is at /metrics.\n",
    .run = cache_stats_run,
};
