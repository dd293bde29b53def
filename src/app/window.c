/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/window.h"

#include <stdlib.h>

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

static const struct window *find(const struct windows *windows, uint64_t hash, int64_t now_ms)
{
    const struct window *set = windows->sets[hash % SETS];

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].hash == hash && now_ms < set[i].ends_ms)
            return &set[i];
    return NULL;
}

static struct window *find_mutable(struct windows *windows, uint64_t hash, int64_t now_ms)
{
    return (struct window *)(uintptr_t)find(windows, hash, now_ms);
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
    const struct window *window = find(windows, hash64(key.ptr, key.len), now_ms);

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
