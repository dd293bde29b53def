/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cache/entry.h"
#include "cache/key.h"
#include "cache/seal.h"
#include "ctl/walk.h"

/* larderctl cache list and show. */

/* --- list --- */

static enum err print_keys(struct walk *walk)
{
    const char *key = walk->keys.ptr;
    enum err err = ERR_OK;

    for (size_t i = 0; err == ERR_OK && i < walk->count; i++, key += strlen(key) + 1) {
        int64_t ttl_s = 0, bytes = 0;

        err = ctl_redis(walk->ctl, 2, (const struct str[]){STR("TTL"), str_from(key)}, ctl_take_int,
                        &ttl_s);
        if (err == ERR_OK)
            err = ctl_redis(walk->ctl, 2, (const struct str[]){STR("STRLEN"), str_from(key)},
                            ctl_take_int, &bytes);
        if (err != ERR_OK || ttl_s == -2)
            continue;
        if (ttl_s == -1)
            printf("  pinned");
        else
            printf("%6lld s", (long long)ttl_s);
        printf(" %8lld B  %s\n", (long long)bytes, key + walk->base.len);
    }
    return err;
}

static int run_list(struct ctl *ctl, int argc, char **argv)
{
    struct walk walk = {.each = print_keys};
    const char *pattern = argc > 0 ? argv[0] : "*";
    enum err err = ERR_UNAVAILABLE;

    if (argc > 1 || !pattern_is_good(pattern))
        return ctl_usage("cache list takes one pattern of at most %d bytes", PATTERN_MAX);
    if (walk_open(&walk, ctl, pattern)) {
        err = walk_keys(&walk);
        fprintf(stderr, "%llu %s\n", (unsigned long long)walk.entries,
                ctl_noun(walk.entries, "entry", "entries"));
    }
    return walk_close(&walk, err);
}

/* --- show --- */

static void take_bytes(void *context, const struct redis_value *reply)
{
    buf_str(context, redis_str(reply));
}

static void print_time(const char *what, int64_t ms)
{
    char text[CLOCK_ISO_SIZE];

    clock_iso(ms, text);
    printf("%-12s %.*s\n", what, CLOCK_ISO_SIZE, text);
}

static void print_entry(const struct entry *entry, int64_t ttl_ms)
{
    printf("%-12s %u\n", "status", entry->status);
    printf("%-12s %.*s\n", "etag", (int)entry->etag.len, entry->etag.ptr);
    print_time("created", entry->created_ms);
    print_time("fresh until", entry->fresh_until_ms);
    print_time("stale until", entry->stale_until_ms);
    print_time("error until", entry->error_until_ms);
    if (ttl_ms == -1)
        printf("%-12s pinned\n", "ttl");
    else
        printf("%-12s %.1f s\n", "ttl", (double)ttl_ms / 1000);
    printf("%-12s %u ms\n", "fill took", entry->fill_ms);
    for (size_t i = 0; i < entry->tag_count; i++)
        printf("%-12s %016llx\n", "tag version", (unsigned long long)entry->versions[i]);
    printf("%-12s %zu bytes, %zu compressed\n\n", "body", entry->plain.len, entry->gzip.len);
    fwrite(entry->plain.ptr, 1, entry->plain.len, stdout);
    putchar('\n');
}

static bool open_entry(struct ctl *ctl, struct str name, struct str sealed, struct entry *entry)
{
    struct seal *seal = seal_new(str_from(config_text(ctl->config, CONFIG_PREFIX)),
                                 str_from(config_text(ctl->config, CONFIG_SECRET)));
    struct str bytes;
    bool good =
        seal_open(seal, name, sealed, &bytes) == ERR_OK && entry_decode(bytes, entry) == ERR_OK;

    seal_free(seal);
    return good;
}

/* Of "larder:<epoch>:<name>". */
static struct str entry_name(struct str key)
{
    struct str part;

    (void)str_split(&key, ':', &part);
    (void)str_split(&key, ':', &part);
    return key;
}

static int run_show(struct ctl *ctl, int argc, char **argv)
{
    struct buf key = BUF_INIT(2 * NAME_MAX_), bytes = BUF_INIT(2 * ENTRY_SIZE_MAX);
    struct str name;
    struct entry entry;
    int64_t ttl_ms = 0;
    int status = CTL_FAILED;

    if (argc != 1 || argv[0][0] == '\0' || strlen(argv[0]) > NAME_MAX_)
        return ctl_usage("cache show takes the name of one entry, as cache list shows it");
    if (!walk_find(ctl, argv[0], &key))
        goto out;
    name = entry_name(buf_view(&key));
    if (ctl_redis(ctl, 2, (const struct str[]){STR("GET"), buf_view(&key)}, take_bytes, &bytes) !=
            ERR_OK ||
        ctl_redis(ctl, 2, (const struct str[]){STR("PTTL"), buf_view(&key)}, ctl_take_int,
                  &ttl_ms) != ERR_OK)
        ctl_error("Redis did not give %s", argv[0]);
    else if (ttl_ms == -2)
        ctl_error("there is no entry %s", argv[0]);
    else if (!open_entry(ctl, name, buf_view(&bytes), &entry))
        ctl_error("%s is damaged, or of another version or under another LARDER_SECRET", argv[0]);
    else
        status = CTL_OK;
    if (status == CTL_OK)
        print_entry(&entry, ttl_ms);
out:
    buf_free(&key);
    buf_free(&bytes);
    return status;
}

/* --- The table --- */

const struct command command_cache_list = {
    .name = "cache list",
    .args = "[PATTERN]",
    .summary = "lists the entries in Redis with their time to live and size",
    .help = PATTERN_HELP "Tags, fences and locks are not entries and are not shown.\n",
    .run = run_list,
};

const struct command command_cache_show = {
    .name = "cache show",
    .args = "NAME",
    .summary = "shows one entry in Redis",
    .help = "NAME as cache list shows it, such as product:65a1b2c3d4e5f60718293a4b.\n",
    .run = run_show,
};
