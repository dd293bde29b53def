/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_ATTEMPTS_H
#define LARDER_APP_PEOPLE_ATTEMPTS_H

#include "mongo/collection.h"
#include "schema/resource.h"

/* Attempts on accounts, as MongoDB counts them for all workers and whatever becomes of Redis:
 * documents of "larder_attempts", {_id: hash of the account, taken, failed, until}.  An attempt
 * takes a place before the password is looked at, and gives it back when it has not failed; so as
 * many fail as there are places, however many are made at the same time.  The window opens with the
 * first failure.  MongoDB removes what is over. */

extern const struct bookkeeping attempts;

struct attempt {
    struct str account;
    int64_t limit, window_ms;
    bool locked;     /* of NOT_FOUND: all places have failed */
    int64_t left_ms; /* likewise: how long that lasts */
};

/* On a thread, as all below.  OK: a place is taken.  NOT_FOUND: there is none. */
enum err attempts_take(struct mongo_db *db, struct attempt *attempt);
/* The attempt has not failed. */
enum err attempts_give(struct mongo_db *db, const struct attempt *attempt);
enum err attempts_fail(struct mongo_db *db, const struct attempt *attempt);

#endif
