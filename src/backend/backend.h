/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BACKEND_BACKEND_H
#define LARDER_BACKEND_BACKEND_H

#include <stdbool.h>
#include <uv.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"
#include "cache/cache.h"
#include "memory/memory.h"
#include "mongo/mongo.h"
#include "redis/redis.h"

/* What both programs are built on, made from the settings: the host's memory, Redis, MongoDB, and
 * the cache over the three. */

struct backend {
    struct redis_url redis_url;
    char name[MEMORY_NAME_MAX + 1]; /* of the memory and, with an ending, of the counters */
    gid_t edge_group;               /* that may read the memory; -1: none */
    struct memory *memory;
    struct redis *redis;
    struct mongo *mongo;
    struct cache *cache;
    struct str sessions; /* of a worker, set before it is opened: the collection of sessions */
    void (*closed)(void *context);
    void *context;
};

/* For a worker: short deadlines, the memory is made.  For a tool: an operator's patience, and an
 * existing memory is taken as it is. */
/* As LARDER_FOLLOW has it. */
enum backend_follow { FOLLOW_AUTO, FOLLOW_OFF };

enum backend_use { BACKEND_WORKER, BACKEND_TOOL };

/* The URLs as a whole, which base/config checks by their beginning only.  What is wrong goes into
 * problems, a line each, without secrets. */
enum err backend_check(const struct config *config, struct buf *problems);

/* Two steps, since the first waits (for seconds, when another process is making the memory) and
 * the second needs a loop.  After an error, problems says what is wrong and what to do. */
enum err backend_attach(struct backend *backend, const struct config *config, enum backend_use use,
                        struct buf *problems);
/* Connects to nothing yet.  The backend must not move from now on. */
enum err backend_open(struct backend *backend, const struct config *config, enum backend_use use,
                      uv_loop_t *loop, struct buf *problems);
/* For tools that need one server, or each, and nothing else, on a zeroed backend. */
enum err backend_open_redis(struct backend *backend, const struct config *config, uv_loop_t *loop,
                            struct buf *problems);
enum err backend_open_mongo(struct backend *backend, const struct config *config, uv_loop_t *loop,
                            struct buf *problems);
/* Stops the cache, waits for MongoDB, quits Redis; then closed(context), when the loop holds
 * nothing of them. */
void backend_close(struct backend *backend, void (*closed)(void *context), void *context);
/* The memory and what is left, after closed or when backend_open was not called.  Zeroed memory is
 * allowed. */
void backend_detach(struct backend *backend);

/* Threads that libuv's pool needs: MongoDB's, two for names and passwords, and one for long
 * bodies. */
unsigned backend_threads(const struct config *config);

/* Appends "hosts/database" of MONGODB_URI: no user, no password. */
void backend_mongo_name(const struct config *config, struct buf *out);
/* "larder-<uid>-<prefix>-<hash>": the same for all who share entries, that is for the same user,
 * prefix, Redis (host, port, database) and MongoDB (hosts, database). */
void backend_name(const struct config *config, const struct redis_url *url,
                  char name[static MEMORY_NAME_MAX + 1]);

#endif
