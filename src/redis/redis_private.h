/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_PRIVATE_H
#define LARDER_REDIS_REDIS_PRIVATE_H

#include "base/series.h"
#include "redis/redis_reply.h"

struct redis;
struct redis_config;
struct redis_url;

/* Inside of redis/: the client's interface for the listener and the scripts. */

const struct redis_config *redis_settings(const struct redis *redis);
const struct redis_url *redis_address(const struct redis *redis);
/* lost(context) is called when the client's connection goes; NULL: nothing is called any more. */
void redis_watch(struct redis *redis, void (*lost)(void *context), void *context);
/* As redis_command or redis_command_early; besides, an unknown script is ERR_NOT_FOUND. */
void redis_send(struct redis *redis, bool early, enum histogram kind, size_t argc,
                const struct str argv[], redis_callback *callback, void *context);

#endif
