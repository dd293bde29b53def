/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WINDOW_H
#define LARDER_APP_WINDOW_H

#include <stdint.h>

#include "base/str.h"

/* Counts events in windows of time, in a bounded table of this worker: used for limits while Redis
 * is away. When the table is full, the window that ends first is dropped. */

struct app;
struct windows;

struct windows *windows_new(void);
void windows_free(struct windows *windows);

/* Counts an event under key; the first one opens a window of window_ms. Returns the count, and in
 * *left_ms (may be NULL) how long the window stays open. */
int64_t windows_take(struct windows *windows, struct str key, int64_t window_ms, int64_t now_ms,
                     int64_t *left_ms);
/* The count; 0 if no window is open. */
int64_t windows_count(const struct windows *windows, struct str key, int64_t now_ms,
                      int64_t *left_ms);
/* Takes one event back, if the window is still open. */
void windows_give(struct windows *windows, struct str key, int64_t now_ms);

enum { COUNTER_NAME_MAX = 128 };

/* A counter's name in Redis and in this table, "<prefix>:<kind>:<who>", truncated to room. */
struct str counter_name(const struct app *app, struct str kind, struct str who,
                        char room[static COUNTER_NAME_MAX]);

#endif
