/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_LISTENER_H
#define LARDER_REDIS_REDIS_LISTENER_H

#include "redis/redis.h"

/* Reports every change of a key under some prefixes: a second connection subscribes to
 * __redis__:invalidate, and the client's own connection sends CLIENT TRACKING ON REDIRECT … BCAST
 * (https://redis.io/docs/latest/develop/reference/client-side-caching/).  A heartbeat is published
 * on the client's connection and must come back on the subscription, which proves that both work:
 * messages arrive in order, so once a beat has arrived, all changes made before it was sent have
 * arrived too.
 */

struct redis_listener;

struct redis_listener_events {
    /* Tracking is on: changes from now on are reported. */
    void (*on_subscribed)(void *context);
    /* A key was written, deleted, or expired.  Valid during the call. */
    void (*on_key)(void *context, struct str key);
    /* Everything was flushed. */
    void (*on_flush)(void *context);
    /* A beat came back; sent_ns is clock_mono_ns() when it was sent. */
    void (*on_beat)(void *context, int64_t sent_ns);
    /* The listener is lost: nothing more is called; call redis_listener_stop, here or later.
     * ERR_UNSUPPORTED when the server refuses a command that this needs (a proxy perhaps, or a
     * right that is missing), else ERR_UNAVAILABLE or ERR_TIMEOUT; why says it for people:
     * "SUBSCRIBE is refused: NOPERM …", valid during the call.  Called at most once, never inside
     * redis_listener_start. */
    void (*on_lost)(void *context, enum err reason, const char *why);
};

struct redis_listener_config {
    const struct str *prefixes; /* copied; none may begin another */
    size_t prefix_count;
    struct str beat_channel; /* the channel is this and a random number; copied */
    unsigned beat_ms;        /* between two beats (10) */
    unsigned lost_ms;        /* without a beat for so long: lost (1000) */
    const struct redis_listener_events *events; /* borrowed, all functions given */
    void *context;
};

/* The client must be READY (else on_lost follows) and outlive the listener.  Only one listener a
 * client at a time. */
struct redis_listener *redis_listener_start(struct redis *redis,
                                            const struct redis_listener_config *config);
/* Ends all events and switches tracking off; the listener is freed when its handles are closed.
 * NULL is allowed. */
void redis_listener_stop(struct redis_listener *listener);

#endif
