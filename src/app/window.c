/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/window.h"

#include <stdlib.h>

#include "app/app_state.h"
#include "base/hash.h"
#include "base/mem.h"

enum { SETS = 512, WAYS = 8 };

struct window {
    uint64_t hash;
    int64_t ends_ms;
    int64_t count;
};

struct windows {
    struct window sets[SETS][WAYS];
};

struct windows *windows_new(void)
{
    return mem_zalloc(sizeof(struct windows));
}

void windows_free(struct windows *windows)
{
    free(windows);
}

static const struct window *window_find(const struct windows *windows, uint64_t hash,
                                        int64_t now_ms)
{
    const struct window *set = windows->sets[hash % SETS];

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].hash == hash && now_ms < set[i].ends_ms)
            return &set[i];
    return NULL;
}

static struct window *find_mutable(struct windows *windows, uint64_t hash, int64_t now_ms)
{
    return (struct window *)(uintptr_t)window_find(windows, hash, now_ms);
}

static struct window *make(struct windows *windows, uint64_t hash, int64_t ends_ms)
{
    struct window *set = windows->sets[hash % SETS], *first = set;

    for (size_t i = 1; i < WAYS; i++)
        if (set[i].ends_ms < first->ends_ms)
            first = &set[i];
    *first = (struct window){.hash = hash, .ends_ms = ends_ms};
    return first;
}

int64_t windows_take(struct windows *windows, struct str key, int64_t window_ms, int64_t now_ms,
                     int64_t *left_ms)
{
    uint64_t hash = hash64(key.ptr, key.len);
    struct window *window = find_mutable(windows, hash, now_ms);

    if (window == NULL)
        window = make(windows, hash, now_ms + window_ms);
    if (left_ms != NULL)
        *left_ms = window->ends_ms - now_ms;
    return ++window->count;
}

int64_t windows_count(const struct windows *windows, struct str key, int64_t now_ms,
                      int64_t *left_ms)
{
    const struct window *window = window_find(windows, hash64(key.ptr, key.len), now_ms);

    if (left_ms != NULL)
        *left_ms = window != NULL ? window->ends_ms - now_ms : 0;
    return window != NULL ? window->count : 0;
}

void windows_give(struct windows *windows, struct str key, int64_t now_ms)
{
    struct window *window = find_mutable(windows, hash64(key.ptr, key.len), now_ms);

    if (window != NULL && window->count > 0)
        window->count--;
}

struct str counter_name(const struct app *app, struct str kind, struct str who,
                        char room[static COUNTER_NAME_MAX])
{
    const struct str parts[] = {app->config.prefix, STR(":"), kind, STR(":"), who};
    size_t at = 0;

    for (size_t i = 0; i < COUNT(parts); i++) {
        size_t len = parts[i].len < COUNTER_NAME_MAX - at ? parts[i].len : COUNTER_NAME_MAX - at;
        if (len > 0)
            memcpy(room + at, parts[i].ptr, len);
        at += len;
    }
    return str_make(room, at);
}
