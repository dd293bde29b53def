/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_THROTTLE_H
#define LARDER_APP_PEOPLE_THROTTLE_H

#include <stdbool.h>

#include "app/window.h"
#include "base/err.h"
#include "base/hash.h"

/* How often attempts may fail within a window of time, for an account and for an address.  Each
 * worker counts what it sees itself, Redis for all workers, and MongoDB the accounts (attempts.h);
 * the strictest of them holds.  So nobody may try again because Redis lost the counter, or never
 * had it; Redis and the worker's table spare MongoDB what is refused anyway.  An attempt that is
 * under way may yet fail, so it takes a failure's place until it has ended: guesses made at the
 * same time do not all get through, and those that find no place wait instead of being refused. */

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
