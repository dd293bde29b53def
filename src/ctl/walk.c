/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/walk.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/idiom.h"
#include "base/mem.h"
#include "cache/key.h"

/* --- Names --- */

static void take_epoch(void *context, const struct redis_value *reply)
{
    struct buf *base = context;
    struct str epoch;

    if (key_epoch(redis_str(reply), &epoch) == ERR_OK)
        buf_str(base, epoch);
}

/* What an epoch adds (cache/member.h); nil: nothing. */
static void take_suffix(void *context, const struct redis_value *reply)
{
    buf_str(context, redis_str(reply));
}

/* "larder:<epoch>:" of the server as it is now. */
static enum err find_base(struct ctl *ctl, struct buf *base)
{
    struct buf hash = BUF_INIT(NAME_MAX_);
    enum err err;
    size_t prefix_len;

    buf_printf(base, "%s:", config_text(ctl->config, CONFIG_PREFIX));
    prefix_len = base->len;
    buf_str(&hash, buf_view(base));
    buf_literal(&hash, "installation");
    err = ctl_redis(ctl, 2, (const struct str[]){STR("INFO"), STR("server")}, take_epoch, base);
    if (err == ERR_OK && base->len == prefix_len)
        err = ERR_PROTOCOL;
    if (err == ERR_OK)
        err = ctl_redis(ctl, 3, (const struct str[]){STR("HGET"), buf_view(&hash), STR("suffix")},
                        take_suffix, base);
    buf_char(base, ':');
    buf_free(&hash);
    return err;
}

/* What lies beside the entries under an epoch must never be taken away: fences and tags are what
 * makes a hit right. */
bool name_is_entry(struct str name)
{
    const struct str kept[] = {KEY_TAG, KEY_FENCE, KEY_LOCK, KEY_BORN};

    for (size_t i = 0; i < COUNT(kept); i++)
        if (str_starts(name, kept[i]))
            return false;
    return true;
}

static bool fits(const char *pattern, struct str name)
{
    char *text = mem_strndup(name.ptr, name.len);
    bool good = fnmatch(pattern, text, 0) == 0;

    free(text);
    return good;
}

bool name_fits(const char *pattern, struct str name)
{
    size_t len = name.len;

    if (fits(pattern, name))
        return true;
    while (len > 0 && name.ptr[len - 1] != '@')
        len--;
    return len > 0 && fits(pattern, str_make(name.ptr, len - 1));
}

static bool is_wanted(const struct walk *walk, struct str key)
{
    struct str name;

    if (!str_starts(key, buf_view(&walk->base)))
        return false;
    name = str_from_offset(key, walk->base.len);
    return walk->tags || (name_is_entry(name) && name_fits(walk->wanted, name));
}

bool cache_open(struct ctl *ctl, struct buf *base)
{
    char name[300];
    enum err err = ERR_UNAVAILABLE;

    if (!ctl_open_redis(ctl))
        return false;
    redis_url_name(&ctl->backend.redis_url, name, sizeof name);
    if (ctl_redis_ready(ctl))
        err = find_base(ctl, base);
    if (err != ERR_OK)
        ctl_error("Redis at %s: %s", name, err_text(err));
    return err == ERR_OK;
}

/* --- Walking --- */

static void on_scanned(void *context, const struct redis_value *reply)
{
    struct walk *walk = context;
    struct str cursor = redis_str(redis_item(reply, 0));
    const struct redis_value *keys = redis_item(reply, 1);

    buf_reset(&walk->keys);
    walk->count = 0;
    snprintf(walk->cursor, sizeof walk->cursor, "%.*s", (int)cursor.len, cursor.ptr);
    for (size_t i = 0; i < redis_count(keys); i++) {
        struct str key = redis_str(redis_item(keys, i));

        if (!is_wanted(walk, key) || memchr(key.ptr, '\0', key.len) != NULL)
            continue;
        buf_str(&walk->keys, key);
        buf_char(&walk->keys, '\0');
        walk->count++;
    }
}

enum err walk_keys(struct walk *walk)
{
    enum err err = ERR_OK;

    memcpy(walk->cursor, "0", 2);
    do {
        struct str scan[] = {STR("SCAN"),  str_from(walk->cursor),
                             STR("MATCH"), buf_view(&walk->pattern),
                             STR("COUNT"), STR("100")};

        err = ctl_redis(walk->ctl, COUNT(scan), scan, on_scanned, walk);
        if (err == ERR_OK && walk->keys.err != ERR_OK)
            err = ERR_TOO_LARGE;
        if (err == ERR_OK && walk->count > 0)
            err = walk->each(walk);
        walk->entries += err == ERR_OK ? walk->count : 0;
    } while (err == ERR_OK && strcmp(walk->cursor, "0") != 0);
    return err;
}

/* What the names begin with; an entry's ends with a hash. */
static void set_pattern(struct walk *walk, struct str names)
{
    buf_reset(&walk->pattern);
    buf_str(&walk->pattern, buf_view(&walk->base));
    buf_str(&walk->pattern, names);
    buf_char(&walk->pattern, '*');
}

bool walk_open(struct walk *walk, struct ctl *ctl, const char *pattern)
{
    walk->ctl = ctl;
    walk->wanted = pattern;
    buf_init(&walk->base, NAME_MAX_);
    buf_init(&walk->pattern, NAME_MAX_);
    buf_init(&walk->keys, 16 << 20);
    if (!cache_open(ctl, &walk->base))
        return false;
    set_pattern(walk, str_from(pattern));
    return true;
}

enum err walk_tags(struct walk *walk, enum err (*each)(struct walk *walk))
{
    enum err (*before)(struct walk * walk) = walk->each;
    enum err err;

    walk->each = each;
    walk->tags = true;
    set_pattern(walk, KEY_TAG);
    err = walk_keys(walk);
    walk->each = before;
    walk->tags = false;
    walk->entries = 0;
    set_pattern(walk, str_from(walk->wanted));
    return err;
}

int walk_close(struct walk *walk, enum err err)
{
    buf_free(&walk->base);
    buf_free(&walk->pattern);
    buf_free(&walk->keys);
    if (err != ERR_OK && err != ERR_UNAVAILABLE)
        ctl_error("Redis: %s", err_text(err));
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

bool pattern_is_good(const char *pattern)
{
    return *pattern != '\0' && strlen(pattern) <= PATTERN_MAX;
}

/* --- One entry --- */

/* Ends the walk with the first one that is found. */
static enum err take_key(struct walk *walk)
{
    buf_reset(&walk->pattern);
    buf_str(&walk->pattern, str_from(walk->keys.ptr));
    return ERR_EXISTS;
}

bool walk_find(struct ctl *ctl, const char *name, struct buf *key)
{
    struct walk walk = {.each = take_key};
    enum err err;

    if (!walk_open(&walk, ctl, name)) {
        (void)walk_close(&walk, ERR_UNAVAILABLE);
        return false;
    }
    err = walk_keys(&walk);
    if (err == ERR_EXISTS) {
        buf_str(key, buf_view(&walk.pattern));
        err = ERR_OK;
    } else {
        buf_str(key, buf_view(&walk.base));
        buf_str(key, str_from(name));
    }
    return walk_close(&walk, err) == CTL_OK;
}
