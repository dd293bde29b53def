/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_MEMBER_H
#define LARDER_CACHE_MEMBER_H

#include "cache/cache.h"
#include "cache/installation.h"
#include "redis/redis.h"

/* A process as a member of its installation (cache/installation.h), and the other members that it
 * sees in MongoDB and in Redis.
 *
 * Each worker sends heartbeats to both. A member seen in MongoDB but not in Redis has another cache
 * of the same database; a member seen in Redis but not in MongoDB has another database behind the
 * same cache. Either would hide acknowledged writes, so this process turns caching off while it
 * lasts. Afterwards a new epoch begins, since entries in Redis may be stale.
 *
 * In Redis the hash "<prefix>:installation" holds the owner (id and database), the epoch's suffix
 * of names ("" at first, "-<id>.<database>.<epoch>" later), the greatest beat, and the running
 * members. A worker takes the hash over from another installation that has no running members, and
 * uses names of its own. */

struct membership;

enum { MEMBER_SUFFIX_MAX = 64 };

struct member_config {
    bool beats;                      /* sends heartbeats: a worker; a tool only reads */
    struct str prefix, redis, mongo; /* shown to others: names of servers, no secrets */
    struct str sessions;             /* the collection emptied after a restored backup */
};

struct membership *member_new(struct cache *cache, const struct member_config *config);
/* Leaves the installation; calls cache_handle_closed at the end. */
void member_stop(struct membership *member);
void member_free(struct membership *member);

/* Call after INFO on a new connection. Finds the epoch's suffix of names and calls done; err: Redis
 * did not answer. */
void member_connect(struct membership *member, struct str run,
                    void (*done)(struct cache *cache, enum err err, struct str suffix));
/* Joins: other members see this worker from now on. */
void member_join(struct membership *member);
/* Whether a change of the servers' addresses is under way. */
bool member_is_changing(const struct membership *member);
/* Why caching is off, for people; empty while it is on. */
struct str member_reason(const struct membership *member);

/* The result of the last look at both servers. UNKNOWN: one of them has not answered yet; SUSPECT:
 * waiting for the other members to agree. */
enum member_verdict {
    MEMBER_UNKNOWN,
    MEMBER_ALONE, /* UNKNOWN, and one of the servers is down */
    MEMBER_SUSPECT,
    MEMBER_FINE,
    MEMBER_APART
};

enum member_verdict member_verdict(const struct membership *member);

#endif
