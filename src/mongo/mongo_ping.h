/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_MONGO_PING_H
#define LARDER_MONGO_MONGO_PING_H

#include <uv.h>

#include "mongo/driver.h"
#include "mongo/mongo_common.h"

/* Inside of mongo/: asks whether MongoDB answers, on a thread and a connection of its own, so that
 * it waits neither for jobs nor for the driver's view of the servers.  It reads as requests do,
 * since a server answers pings also of users who may read nothing. */

struct mongo_ping;

struct mongo_ping_config {
    uv_loop_t *loop;
    const mongoc_uri_t *uri;           /* copied */
    const char *database, *collection; /* borrowed */
    /* On the loop, for each ping: OK, DENIED, else it is not reachable. */
    void (*told)(void *context, enum err err, int64_t begun_ns);
    void *context;
};

/* Its handles do not keep the loop running.  The thread is made by the first ping. */
struct mongo_ping *mongo_ping_new(const struct mongo_ping_config *config);
/* Soon; nothing when one is under way. */
void mongo_ping_now(struct mongo_ping *ping);
/* ask is answered by the ping that is under way, or by one that begins now: with ERR_TIMEOUT when
 * that takes too long, with ERR_CANCELED by mongo_ping_close. */
void mongo_ping_ask(struct mongo_ping *ping, struct mongo_ask *ask);
/* closed(context) is called when thread and handles are gone, and ping with them. */
void mongo_ping_close(struct mongo_ping *ping, void (*closed)(void *context), void *context);

#endif
