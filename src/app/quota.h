/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_QUOTA_H
#define LARDER_APP_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* How often something was done within a window of time, counted in Redis for all workers; while
 * Redis is away, by this worker for itself.  Each attempt is counted before it is looked at, so
 * that many at the same time do not all pass; what turns out not to count is given back. */

struct app;
struct request;

enum { QUOTA_KEYS = 2, QUOTA_KEY_MAX = 128 };

struct quota {
    struct app *app;
    char room[QUOTA_KEYS][QUOTA_KEY_MAX];
    struct str keys[QUOTA_KEYS]; /* with the prefix; set by quota_key */
    size_t key_count;
    int64_t window_ms;
    void (*done)(struct quota *quota);
    void *context;
    int64_t count[QUOTA_KEYS], left_ms[QUOTA_KEYS]; /* in done: with this one */
    bool local;                                     /* Redis was not to be had */
};

void quota_init(struct quota *quota, struct app *app, int64_t window_ms);
/* "<prefix>:<kind>:<who>"; who is cut at what fits. */
void quota_key(struct quota *quota, struct str kind, struct str who);
/* Counts one under each key, then done, which may be called before this returns.  quota is the
 * caller's until then. */
void quota_take(struct quota *quota);
/* Takes what quota_take has counted back. */
void quota_give(const struct quota *quota);

/* The client's address for counting: an IPv6 one stands for its network of 64 bits, which is what
 * one customer has. */
enum { CLIENT_MAX = 64 };
struct str client_address(const struct request *request, char room[static CLIENT_MAX]);

#endif
