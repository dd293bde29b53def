/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_ATTEMPTS_H
#define LARDER_APP_PEOPLE_ATTEMPTS_H

#include "mongo/collection.h"
#include "schema/resource.h"

/* Counts attempts on accounts in MongoDB, for all workers and independent of Redis:
 * documents of "larder_attempts", {_id: hash of the account, taken, failed, until}.  An attempt
 * takes a place before the password is checked, and returns it unless it fails; so no more attempts
 * fail than there are places, even in parallel. The window opens with the first failure. A TTL
 * index removes expired documents. */

extern const struct bookkeeping attempts;

struct attempt {
    struct str account;
    int64_t limit, window_ms;
    bool locked;     /* with NOT_FOUND: all places are failures */
    int64_t left_ms; /* with NOT_FOUND: how long that lasts */
};

/* All on a thread. Takes a place; ERR_NOT_FOUND if none is free. */
enum err attempts_take(struct mongo_db *db, struct attempt *attempt);
/* Returns the place: the attempt did not fail. */
enum err attempts_give(struct mongo_db *db, const struct attempt *attempt);
enum err attempts_fail(struct mongo_db *db, const struct attempt *attempt);

#endif
