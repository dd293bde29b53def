/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cache/entry.h"
#include "cache/key.h"
#include "cache/seal.h"
#include "ctl/walk.h"

/* larderctl cache list, show and purge. */

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

/* --- purge --- */

static enum err unlink_keys(struct walk *walk)
{
    struct str *argv = mem_array(walk->count + 1, sizeof *argv);
    const char *key = walk->keys.ptr;
    int64_t gone = 0;
    enum err err;

    argv[0] = STR("UNLINK");
    for (size_t i = 1; i <= walk->count; i++, key += strlen(key) + 1)
        argv[i] = str_from(key);
    err = ctl_redis(walk->ctl, walk->count + 1, argv, ctl_take_int, &gone);
    walk->count = (size_t)gone;
    free(argv);
    return err;
}

struct matches {
    const char *pattern;
    struct buf names; /* each with its length before it */
};

static bool take_match(void *arg, struct str key, const struct memory_hit *hit, bool current)
{
    struct matches *matches = arg;

    (void)hit;
    (void)current;
    if (name_fits(matches->pattern, key)) {
        buf_append(&matches->names, &key.len, sizeof key.len);
        buf_str(&matches->names, key);
    }
    return matches->names.err == ERR_OK;
}

/* Lets the listeners of all hosts make void what their workers hold, under any account.  They
 * hear of the key's end as well, so that comes at once. */
static enum err void_memories(struct walk *walk)
{
    struct buf key = BUF_INIT(2 * NAME_MAX_);
    enum err err;

    buf_str(&key, buf_view(&walk->base));
    buf_str(&key, KEY_TAG);
    buf_str(&key, KEY_TAG_ALL);
    err = ctl_redis(walk->ctl, 5,
                    (const struct str[]){STR("SET"), buf_view(&key), STR("1"), STR("PX"), STR("1")},
                    NULL, NULL);
    buf_free(&key);
    return err;
}

/* What the workers of this host hold in shared memory, at once.  False when there is no memory with
 * room for it: theirs has another name when they run as another user, and what a tool has made for
 * itself holds no answers. */
static bool purge_memory(struct ctl *ctl, const char *pattern, uint64_t *removed)
{
    struct matches matches = {.pattern = pattern, .names = BUF_INIT(64 << 20)};
    struct memory_config config = {.name = ctl->backend.name, .attach = true};
    struct memory_opened opened;

    *removed = 0;
    backend_name(ctl->config, &ctl->backend.redis_url, ctl->backend.name);
    if (memory_open(&config, &ctl->backend.memory, &opened) != ERR_OK || opened.bytes == 0)
        return false;
    memory_each(ctl->backend.memory, take_match, &matches);
    for (size_t at = 0; at < matches.names.len;) {
        struct memory_key key;
        size_t len;

        memcpy(&len, matches.names.ptr + at, sizeof len);
        key = memory_key(str_make(matches.names.ptr + at + sizeof len, len));
        at += sizeof len + len;
        if (memory_remove(ctl->backend.memory, &key) == ERR_OK)
            (*removed)++;
    }
    buf_free(&matches.names);
    return true;
}

static int run_purge(struct ctl *ctl, int argc, char **argv)
{
    struct walk walk = {.each = unlink_keys};
    enum err err = ERR_UNAVAILABLE;
    uint64_t here;
    bool known;

    if (argc != 1 || !pattern_is_good(argv[0]))
        return ctl_usage("cache purge takes one pattern of 1 to %d bytes", PATTERN_MAX);
    if (walk_open(&walk, ctl, argv[0])) {
        err = walk_keys(&walk);
        known = purge_memory(ctl, argv[0], &here);
        if (err == ERR_OK)
            err = void_memories(&walk);
        printf("%llu %s removed from Redis", (unsigned long long)walk.entries,
               ctl_noun(walk.entries, "entry", "entries"));
        if (known)
            printf(", %llu from this host's memory", (unsigned long long)here);
        putchar('\n');
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

#define PATTERN_HELP                                                                               \
    "PATTERN is a glob over the entries' names, with or without the @hash that most end with:\n"   \
    "'product:*', 'products:*category=books*'.\n"

const struct command command_cache_list = {
    .name = "cache list",
    .args = "[PATTERN]",
    .summary = "lists the entries in Redis with their time to live and size",
    .help = PATTERN_HELP "Tags, fences and locks are not entries and are not shown.\n",
    .run = run_list,
};

const struct command command_cache_purge = {
    .name = "cache purge",
    .args = "PATTERN",
    .summary = "removes entries from Redis, and from the memory of all hosts",
    .help =
        PATTERN_HELP "Never needed for right answers: a write moves the tags of what it changes.\n"
                     "Walks with SCAN and removes with UNLINK, so Redis is never held up.  Memory\n"
                     "is made void as a whole: it is filled again from Redis.\n",
    .run = run_purge,
};

const struct command command_cache_show = {
    .name = "cache show",
    .args = "NAME",
    .summary = "shows one entry in Redis",
    .help = "NAME as cache list shows it, such as product:65a1b2c3d4e5f60718293a4b.\n",
    .run = run_show,
};
