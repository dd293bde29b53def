/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WINDOW_H
#define LARDER_APP_WINDOW_H

#include <stdint.h>

#include "base/str.h"

/* Events counted in windows of time, in a bounded table of this worker's own: what limits go by
 * while Redis is away.  When the table is full, the window that ends first makes room. */

struct app;
struct windows;

struct windows *windows_new(void);
void windows_free(struct windows *windows);

/* Counts one more under key; the first opens a window of window_ms.  Gives the count with it, and
 * in *left_ms (may be NULL) how long the window is still open. */
int64_t windows_take(struct windows *windows, struct str key, int64_t window_ms, int64_t now_ms,
                     int64_t *left_ms);
/* How many there are; 0 when no window is open. */
int64_t windows_count(const struct windows *windows, struct str key, int64_t now_ms,
                      int64_t *left_ms);
/* Takes one back, if its window is still open. */
void windows_give(struct windows *windows, struct str key, int64_t now_ms);

enum { COUNTER_NAME_MAX = 128 };

/* "<prefix>:<kind>:<who>", cut at what fits: a counter's name in Redis, and in the table that the
 * worker keeps for itself. */
struct str counter_name(const struct app *app, struct str kind, struct str who,
                        char room[static COUNTER_NAME_MAX]);

#endif
