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

/* The base of both programs, made from the settings: the host's memory, Redis, MongoDB and the
 * cache over the three. */

struct backend {
    struct redis_url redis_url;
    char name[MEMORY_NAME_MAX + 1]; /* of the segment and, with a suffix, of the metrics' file */
    gid_t edge_group;               /* group that may read the segment; -1: none */
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
/* LARDER_FOLLOW. */
enum backend_follow { FOLLOW_AUTO, FOLLOW_OFF };

enum backend_use { BACKEND_WORKER, BACKEND_TOOL };

/* Checks the URLs completely; base/config checks only their scheme. Appends errors to problems, a
 * line each, without secrets. */
enum err backend_check(const struct config *config, struct buf *problems);

/* Two steps: the first may block for seconds, while another process creates the segment; the second
 * needs a loop. After an error, problems says what is wrong and what to do. */
enum err backend_attach(struct backend *backend, const struct config *config, enum backend_use use,
                        struct buf *problems);
/* Connects to nothing yet.  The backend must not move from now on. */
enum err backend_open(struct backend *backend, const struct config *config, enum backend_use use,
                      uv_loop_t *loop, struct buf *problems);
/* For tools that need only one of the servers; on a zeroed backend. */
enum err backend_open_redis(struct backend *backend, const struct config *config, uv_loop_t *loop,
                            struct buf *problems);
enum err backend_open_mongo(struct backend *backend, const struct config *config, uv_loop_t *loop,
                            struct buf *problems);
/* Stops the cache, waits for MongoDB and quits Redis; calls closed(context) once no handle is left
 * in the loop. */
void backend_close(struct backend *backend, void (*closed)(void *context), void *context);
/* Frees the rest, after closed or if backend_open was not called. A zeroed backend is allowed. */
void backend_detach(struct backend *backend);

/* Threads that libuv's pool needs: MongoDB's, two for names and passwords, and one for long
 * bodies. */
unsigned backend_threads(const struct config *config);

/* Appends "hosts/database" of MONGODB_URI: no user, no password. */
void backend_mongo_name(const struct config *config, struct buf *out);
/* "larder-<uid>-<prefix>-<hash>": equal for all processes that share entries: same user, prefix,
 * Redis (host, port, database) and MongoDB (hosts, database). */
void backend_name(const struct config *config, const struct redis_url *url,
                  char name[static MEMORY_NAME_MAX + 1]);

#endif
