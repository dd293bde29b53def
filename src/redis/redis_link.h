/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_LINK_H
#define LARDER_REDIS_REDIS_LINK_H

/* Inside of redis/: one connection to Redis, from resolving the name to its end.  It is used once;
 * the next try is a new link.  Nothing that is sent waits for an answer for longer than
 * command_timeout_ms; after a timeout the whole connection is given up, since a late reply would
 * be taken for the answer to the next command. */

#include <uv.h>

#include "redis/redis_library.h"
#include "redis/redis_reply.h"

struct redis_link;

struct redis_link_config {
    uv_loop_t *loop;
    const struct redis_url *url; /* borrowed for the link's life */
    const char *name;            /* borrowed too; NULL: none */
    unsigned connect_timeout_ms, command_timeout_ms;
    void *context;
    /* Connected and signed in. */
    void (*on_up)(void *context);
    /* Lost, or never came up: called once, before the pending commands fail, never inside
     * redis_link_open; the link is the caller's no longer.  reason is valid during the call. */
    void (*on_down)(void *context, enum err err, const char *reason);
    /* The memory and the handles are gone: the last callback. */
    void (*on_gone)(void *context);
};

struct redis_link *redis_link_open(const struct redis_link_config *config);
/* Ends it without on_down; pending commands fail with err, during the call unless it is made from
 * a callback of this link.  on_gone follows. */
void redis_link_drop(struct redis_link *link, enum err err);
/* Sends QUIT behind all that is pending; on_down follows, after the last answer. */
void redis_link_quit(struct redis_link *link);
/* False when the link is no longer usable: the callback is not called then.  An error reply is
 * given as ERR_OK and a REDIS_ERROR value here. */
bool redis_link_send(struct redis_link *link, size_t argc, const struct str argv[],
                     redis_callback *callback, void *context);
/* message(context, reply) is called for each message and confirmation.  Nothing else may be sent
 * on this link afterwards. */
bool redis_link_subscribe(struct redis_link *link, const struct str channels[], size_t count,
                          void (*message)(void *context, const struct redis_value *reply));

#endif
