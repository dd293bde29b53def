/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_REPLIES_H
#define LARDER_REDIS_REDIS_REPLIES_H

#include "redis/redis_library.h"

/* Inside of redis/: the memory of a connection's replies.  hiredis by itself allocates each item
 * and each string of a reply; here a whole reply lies in one arena, which is emptied when hiredis
 * lets go of the reply, right after its callback. */

struct redis_replies;

/* Makes the connection build its replies in the arena, which must be freed after it. */
struct redis_replies *redis_replies_new(redisContext *c);
/* NULL is allowed. */
void redis_replies_free(struct redis_replies *replies);

#endif
