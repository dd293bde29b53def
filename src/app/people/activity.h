/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_ACTIVITY_H
#define LARDER_APP_PEOPLE_ACTIVITY_H

#include "app/people/users.h"

/* The part of a profile that changes with every sign-in, as the Redis hash
 * "<prefix>:user:<id>:activity" {loginCount, lastLoginAt}.  MongoDB has the truth: both only ever
 * grow, so the greater of the two is right, and without the hash the profile's own will do. */

struct app;

/* The hash's name, in room, which the caller frees. */
struct str activity_key(struct str prefix, const struct oid *id, struct buf *room);

/* After a sign-in that MongoDB has counted: counts it in the hash too, and sets right what had
 * missed others.  The hash goes when the session that was made must have ended (until_ms). */
void activity_count(struct app *app, const struct profile *profile, int64_t until_ms);

struct activity {
    struct profile *profile;
    void (*done)(struct activity *activity);
    void *context;
};
/* Takes the newer of the hash into the profile, then done; both are the caller's until then. */
void activity_read(struct app *app, struct activity *activity);

#endif
