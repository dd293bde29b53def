/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cache/entry.h"
#include "cache/key.h"
#include "ctl/walk.h"

/* larderctl cache purge.  Entries are taken away, and before them the tags that they may have: what
 * is being read meanwhile was read before, and is stored with the tags of then. */

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

/* --- Tags --- */

struct purge {
    struct walk walk; /* first */
    struct str word;  /* that the pattern begins with, before its colon; empty: any */
    bool of_lists;    /* it is a collection's */
};

/* "products" of "count:products:*" and of "products:*". */
static struct str first_word(const char *pattern)
{
    struct str rest = str_from(pattern), word;

    if (str_starts(rest, STR("count:")))
        rest = str_from_offset(rest, sizeof "count:" - 1);
    word = str_make(rest.ptr, str_find(rest, ':'));
    for (size_t i = 0; i < word.len; i++)
        if (strchr("*?[]\\", word.ptr[i]) != NULL)
            return STR("");
    return str_eq(word, STR("dashboard")) ? STR("") : word;
}

/* A list that is being read has made one of these two. */
static enum err look_for_lists(struct purge *purge)
{
    struct buf key = BUF_INIT(NAME_MAX_), all = BUF_INIT(NAME_MAX_);
    int64_t there = 0;
    enum err err;

    buf_str(&key, buf_view(&purge->walk.base));
    buf_str(&key, KEY_TAG);
    buf_str(&key, purge->word);
    buf_str(&all, buf_view(&key));
    buf_literal(&all, ":*");
    err = ctl_redis(purge->walk.ctl, 3,
                    (const struct str[]){STR("EXISTS"), buf_view(&key), buf_view(&all)},
                    ctl_take_int, &there);
    purge->of_lists = there > 0;
    buf_free(&key);
    buf_free(&all);
    return err;
}

/* Whether entries that fit the pattern may have this tag: a list has those of its collection and
 * its partition, which begin with the same word; an item, and what belongs to somebody, the one
 * that is called as they are. */
static bool may_be_theirs(const struct purge *purge, struct str tag)
{
    struct str word = purge->word;

    if (word.len == 0 || name_fits(purge->walk.wanted, tag))
        return true;
    return purge->of_lists && str_starts(tag, word) &&
           (tag.len == word.len || tag.ptr[word.len] == ':');
}

/* A tag that is gone has another version when it is next made. */
static enum err move_tags(struct walk *walk)
{
    const struct purge *purge = (const struct purge *)walk;
    struct str *argv = mem_array(walk->count + 1, sizeof *argv);
    const char *key = walk->keys.ptr;
    size_t before = walk->base.len + KEY_TAG.len, argc = 1;
    enum err err = ERR_OK;

    argv[0] = STR("UNLINK");
    for (size_t i = 0; i < walk->count; i++, key += strlen(key) + 1)
        if (may_be_theirs(purge, str_from(key + before)))
            argv[argc++] = str_from(key);
    if (argc > 1)
        err = ctl_redis(walk->ctl, argc, argv, NULL, NULL);
    free(argv);
    return err;
}

static int run_purge(struct ctl *ctl, int argc, char **argv)
{
    struct purge purge = {.walk = {.each = unlink_keys}};
    struct walk *walk = &purge.walk;
    enum err err = ERR_UNAVAILABLE;
    uint64_t here;
    bool known;

    if (argc != 1 || !pattern_is_good(argv[0]))
        return ctl_usage("cache purge takes one pattern of 1 to %d bytes", PATTERN_MAX);
    if (walk_open(walk, ctl, argv[0])) {
        purge.word = first_word(argv[0]);
        err = look_for_lists(&purge);
        if (err == ERR_OK)
            err = walk_tags(walk, move_tags);
        if (err == ERR_OK)
            err = walk_keys(walk);
        known = purge_memory(ctl, argv[0], &here);
        if (err == ERR_OK)
            err = void_memories(walk);
        printf("%llu %s removed from Redis", (unsigned long long)walk->entries,
               ctl_noun(walk->entries, "entry", "entries"));
        if (known)
            printf(", %llu from this host's memory", (unsigned long long)here);
        putchar('\n');
    }
    return walk_close(walk, err);
}

const struct command command_cache_purge = {
    .name = "cache purge",
    .args = "PATTERN",
    .summary = "removes entries from Redis, and from the memory of all hosts",
    .help = PATTERN_HELP
    "Never needed for right answers: a write moves the tags of what it changes.\n"
    "The entries' tags are moved first, so that what is being read meanwhile is not\n"
    "kept.  Walks with SCAN and removes with UNLINK, so Redis is never held up.  Memory\n"
    "is made void as a whole: it is filled again from Redis.\n",
    .run = run_purge,
};
