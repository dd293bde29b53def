/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_THROTTLE_H
#define LARDER_APP_PEOPLE_THROTTLE_H

#include <stdbool.h>

#include "app/window.h"
#include "base/err.h"
#include "base/hash.h"

/* Limits failed attempts per window, by account and by address. Each worker counts its own, Redis
 * those of all workers, and MongoDB those of accounts (attempts.h); the strictest count applies, so
 * a lost counter in Redis opens no new attempts. Redis and the worker's table spare MongoDB the
 * attempts that are refused anyway. A running attempt counts as a failure until it ends, so
 * parallel guesses cannot exceed the limit; attempts without a free place wait. */

struct request;

enum {
    THROTTLE_ACCOUNT_MAX = 5,   /* failures on one account in a window */
    THROTTLE_ADDRESS_MAX = 100, /* from one address, which may be that of a whole office */
    THROTTLE_WINDOW_MS = 900000,
    THROTTLE_COUNTERS = 2
};

struct throttle {
    struct app *app;
    /* Once: OK when the attempt may be made, and then throttle_end must be called; RANGE when there
     * were too many failures, and one may be made again after wait_ms; else the database's error.
     */
    void (*done)(struct throttle *throttle, enum err err, int64_t wait_ms);
    void *context;

    char account[2 * SHA256_SIZE]; /* its hash: what it is called everywhere */
    struct str failed[THROTTLE_COUNTERS], trying[THROTTLE_COUNTERS]; /* names of counters */
    char rooms[2 * THROTTLE_COUNTERS][COUNTER_NAME_MAX];
    int64_t patience_until_ms;
};

/* Sets all but done and context; account need not be one that there is. */
void throttle_init(struct throttle *throttle, struct app *app, const struct request *request,
                   struct str account);
/* Ends in done, which may be called before this returns; throttle is the caller's until then. */
void throttle_begin(struct throttle *throttle);
/* An attempt that was let through has ended. */
void throttle_end(struct throttle *throttle, bool failed);

#endif
