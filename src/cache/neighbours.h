/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_NEIGHBOURS_H
#define LARDER_CACHE_NEIGHBOURS_H

#include "cache/installation.h"
#include "redis/redis.h"

/* The members that a worker sees in MongoDB and in Redis, and whether each is in both. */

struct neighbour {
    char id[MEMBER_ID_SIZE];
    int64_t age_ms; /* of its last heartbeat */
    char text[2 * PLACE_MAX + 8];
};
struct neighbours {
    struct neighbour list[MEMBERS_MAX];
    size_t count;
};

/* Takes the members from script_member's reply. */
void neighbours_take(struct neighbours *neighbours, const struct redis_value *reply);

struct seen_from {
    const struct member_document *self;
    const char *mongo; /* "hosts/database" */
    const struct installation_members *in_mongo;
    const struct neighbours *in_redis;
};
/* Appends a sentence that names this installation and the one it conflicts with; nothing if all
 * members are in both. */
void neighbours_compare(const struct seen_from *seen, struct buf *reason);
/* The same for a Redis that belongs to another database. */
void neighbours_name_others(const struct seen_from *seen, struct buf *reason);
/* MongoDB's clock at this worker's last heartbeat; 0: it has sent none. */
int64_t neighbours_now(const struct installation_members *members,
                       const char id[static MEMBER_ID_SIZE]);

#endif
