/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_TRIAL_H
#define LARDER_REDIS_REDIS_TRIAL_H

#include "redis/redis.h"

/* Whether a server can be used at all: it is not a cluster, and it lets us do what look-ups and
 * fences are made of, on names of ours. */

/* Whether INFO's answer is that of Redis Cluster; and the message for it. */
bool redis_is_cluster(struct str info);
extern const char redis_cluster_text[];

/* Sends an MGET and a script that write and read "<prefix>:probe:1" and "…:2", in PREPARING too.
 * done is called once, later: ERR_OK, also where writes are refused for want of room; ERR_DENIED
 * when one of the commands is refused, with why: "UNLINK is refused: NOPERM …", valid during the
 * call; or what else a command ends with. */
void redis_try(struct redis *redis, struct str prefix,
               void (*done)(void *context, enum err err, const char *why), void *context);

#endif
