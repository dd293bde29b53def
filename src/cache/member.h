/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_MEMBER_H
#define LARDER_CACHE_MEMBER_H

#include "cache/cache.h"
#include "cache/installation.h"
#include "redis/redis.h"

/* A process as a member of its installation (cache/installation.h), and the others that it sees in
 * MongoDB and in Redis.
 *
 * Each worker beats in both.  A member that beats in MongoDB and not in Redis has another cache of
 * the same database; one that beats in Redis and not in MongoDB has another database behind the
 * same cache. Either makes acknowledged writes stay unseen, so while it lasts this process is
 * apart: it keeps nothing and answers nothing from what is kept.  Afterwards there is another
 * epoch, since what is in Redis may have been overtaken.
 *
 * In Redis the hash "<prefix>:installation" says whose it is (id and database), what the epoch adds
 * to the names ("" at first, "-<id>.<database>.<epoch>" later), the greatest beat, and the members
 * that run. A worker that finds it to be another installation's, none of whose members run, takes
 * it over, under names of its own. */

struct membership;

enum { MEMBER_SUFFIX_MAX = 64 };

struct member_config {
    bool beats;                      /* a worker; a tool only reads */
    struct str prefix, redis, mongo; /* of what is seen by others: names of servers, no secrets */
    struct str sessions;             /* the collection that is emptied when a backup was restored */
};

struct membership *member_new(struct cache *cache, const struct member_config *config);
/* Tells the others; cache_handle_closed is called when it is over. */
void member_stop(struct membership *member);
void member_free(struct membership *member);

/* Right after INFO of a new connection: finds out what the epoch adds to the names, then
 * done(cache, suffix); err: Redis did not say. */
void member_connect(struct membership *member, struct str run,
                    void (*done)(struct cache *cache, enum err err, struct str suffix));
/* From now on others count with this worker: one that asks whether it may start must not be in
 * their way. */
void member_join(struct membership *member);
/* Whether a change of the servers' addresses is under way. */
bool member_is_changing(const struct membership *member);
/* Why nothing is kept, for people; empty: nothing is wrong. */
struct str member_reason(const struct membership *member);

/* As of the last look at both servers: UNKNOWN while one of them has not answered, SUSPECT while it
 * is waited for others to agree. */
enum member_verdict {
    MEMBER_UNKNOWN,
    MEMBER_ALONE, /* UNKNOWN, and one of the servers does not answer */
    MEMBER_SUSPECT,
    MEMBER_FINE,
    MEMBER_APART
};

enum member_verdict member_verdict(const struct membership *member);

#endif
