/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_FOLLOW_FOLLOW_H
#define LARDER_FOLLOW_FOLLOW_H

#include <stdbool.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "schema/schema.h"

/* Follows other programs' writes and moves their tags: by the database's change stream or, if the
 * server has none, by a time that each writer sets (docs/others.md).
 *
 * One worker of the cluster is the follower, on a thread and a connection of its own. It holds a
 * lock in Redis with a token, renewed every FOLLOW_BEAT_MS; when the lock expires, after
 * FOLLOW_LOCK_MS, another worker continues from the position stored in MongoDB, in "larder_follow".
 *
 * Why nothing is stale: a change is reported once a majority has it; then its tags move; then the
 * position is stored. A fill takes its tags' versions before it asks MongoDB: with versions from
 * before the move it is void, however late it is stored; with versions from after the move, it
 * asked after the change was visible. A stopped process that wakes and still acts as follower moves
 * tags a second time, which costs misses, and stores an older position, which costs the same.
 * tests/model/test_follow.c explores all orders. */

struct app;
struct cache;
struct follow;
struct mongo;
struct mongo_db;
struct redis;

enum { FOLLOW_BEAT_MS = 250, FOLLOW_LOCK_MS = 1200 };

struct follow_config {
    bool on;           /* LARDER_FOLLOW=auto */
    struct str prefix; /* of every name in Redis; borrowed for its life */
};

/* Borrows all of them for its life. */
struct follow *follow_new(uv_loop_t *loop, const struct follow_config *config,
                          const struct schema *schema, struct app *app, struct cache *cache,
                          struct mongo *mongo, struct redis *redis);
/* Starts trying for the lock. */
void follow_start(struct follow *follow);
/* Releases the lock, ends the thread and closes the handles, then calls done(context). */
void follow_stop(struct follow *follow, void (*done)(void *context), void *context);
/* Call when redis has no calls left. NULL is allowed. */
void follow_free(struct follow *follow);

/* The server's answer to an attempt to follow. */
struct follow_server {
    const struct schema *schema; /* set before */
    enum err err;                /* OK: it has change streams; UNSUPPORTED: it has none; DENIED: the
                                    user may not watch the database; else it was not reached */
    char why[512];               /* its message */
};
/* For mongo_run, with the struct as its context: sets err and why, and returns OK. */
enum err follow_try(struct mongo_db *db, void *context);
/* Whether the server has answered. */
bool follow_server_told(const struct follow_server *server);
/* Appends how a resource is followed, and why, for people: "by change streams: the server has
 * them". */
void follow_describe(const struct resource *resource, const struct follow_server *server,
                     struct buf *out);

#endif
