/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_ACTIVITY_H
#define LARDER_APP_PEOPLE_ACTIVITY_H

#include "app/people/users.h"

/* The part of a profile that changes with every sign-in, as the Redis hash
 * "<prefix>:user:<id>:activity" {loginCount, lastLoginAt}.  MongoDB is authoritative. Both values
 * only grow, so the greater one is right, and without the hash the profile's are used. */

struct app;

/* The hash's name, in room, which the caller frees. */
struct str activity_key(struct str prefix, const struct oid *id, struct buf *room);

/* Counts a sign-in in the hash after MongoDB has counted it, and corrects a hash that missed
 * others. The hash expires with the new session (until_ms). */
void activity_count(struct app *app, const struct profile *profile, int64_t until_ms);

struct activity {
    struct profile *profile;
    void (*done)(struct activity *activity);
    void *context;
};
/* Merges the hash into the profile, then calls done; the caller keeps both until then. */
void activity_read(struct app *app, struct activity *activity);

#endif
