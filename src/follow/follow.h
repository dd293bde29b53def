/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_FOLLOW_FOLLOW_H
#define LARDER_FOLLOW_FOLLOW_H

#include <stdbool.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "schema/schema.h"

/* What other programs write is followed, and its tags are moved: by the database's change stream,
 * or where the server has none, by a time that each writer sets (docs/others.md).
 *
 * One worker of the cluster follows, on a thread and a connection of its own: a worker has all that
 * is needed (Redis, the host's memory, plans), and where one dies others are there.  Who it is, a
 * lock in Redis says, with a token, renewed every FOLLOW_BEAT_MS; without it for FOLLOW_LOCK_MS
 * another begins from the position that is kept in MongoDB, in "larder_follow".
 *
 * Why nothing is stale: the order.  A change is reported when a majority has it; then its tags
 * move; then the position is kept.  A fill takes its tags' versions before it asks MongoDB: with
 * those of before the move it is void, however late it is stored, and with those of after it has
 * asked later than the change was visible.  Who follows when it should not (a process that was
 * stopped) moves tags once more, which is a miss and no error, and keeps a position that is older
 * than another's, which is the same.  tests/model/test_follow.c looks through all orders. */

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
/* Tries to be the one. */
void follow_start(struct follow *follow);
/* Gives the lock away, ends the thread and closes its handles, then done(context). */
void follow_stop(struct follow *follow, void (*done)(void *context), void *context);
/* After redis has no call of its own left.  NULL is allowed. */
void follow_free(struct follow *follow);

/* What the server says to who would follow. */
struct follow_server {
    const struct schema *schema; /* set before */
    enum err err;                /* OK: it has change streams; UNSUPPORTED: it has none; DENIED: the
                                    user may not watch the database; else it was not reached */
    char why[512];               /* its words */
};
/* In mongo_run, with the struct as its context: sets err and why, and gives OK. */
enum err follow_try(struct mongo_db *db, void *context);
/* Whether the server has answered that. */
bool follow_server_told(const struct follow_server *server);
/* Which way a resource goes, and why, for people: "by change streams: the server has them". */
void follow_describe(const struct resource *resource, const struct follow_server *server,
                     struct buf *out);

#endif
