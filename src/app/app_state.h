/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_APP_STATE_H
#define LARDER_APP_APP_STATE_H

#include "app/app_config.h"
#include "app/client.h"
#include "app/plan.h"
#include "cache/cache.h"
#include "http/cors.h"
#include "http/problem.h"
#include "http/router.h"
#include "mongo/mongo.h"
#include "redis/redis.h"
#include "schema/schema.h"

/* Inside of app/: shared by its files. */

enum {
    READ_MS = 2000,  /* deadline of a read: an answer, or 503 */
    WRITE_MS = 5000, /* deadline of a write: a little more than send_by and maxTimeMS */
    PAGE_REACH = 10000,
    BULK_MAX = 100,
    SMALL_BODY_MAX = 4 << 10
};

enum route_flags {
    ROUTE_WRITE = 1,       /* changes documents: LARDER_WRITES=open lifts the roles below */
    ROUTE_JSON = 2,        /* the body must be application/json */
    ROUTE_MERGE = 4,       /* or application/merge-patch+json */
    ROUTE_USER = 8,        /* needs a signed-in user */
    ROUTE_EDITOR = 16,     /* with this role at least */
    ROUTE_ADMIN = 32,      /* with this one */
    ROUTE_VISITOR = 64,    /* identifies the visitor, if signed in */
    ROUTE_PRIVATE = 128,   /* the answer is not public: shared caches must not store it */
    ROUTE_PERSONAL = 256,  /* and is cached under the reader's id */
    ROUTE_OWNED = 512,     /* only documents of the visitor; an administrator sees all */
    ROUTE_ONCE = 1024,     /* accepts Idempotency-Key */
    ROUTE_SMALL = 2048,    /* the body is at most SMALL_BODY_MAX bytes */
    ROUTE_OPERATOR = 4096, /* for operators: needs no session */
    ROUTE_LIVE = 8192      /* its answer can be streamed (Accept: text/event-stream) */
};

struct edge_figures;
struct hub;
struct exports;
struct indexes;
struct items;
struct layouts;
struct openapi;
struct passwords;
struct views;
struct windows;

struct app {
    uv_loop_t *loop;
    struct cache *cache;
    struct mongo *mongo;
    struct redis *redis;
    struct memory *memory;
    struct app_config config;
    const struct schema *schema;
    struct proxies proxies;
    struct cors cors;
    struct router router;
    struct route *routes; /* of the resources */
    struct arena arena;   /* for what is made once at start */
    struct plan *plans;   /* by the resources' indexes */
    size_t plan_count;
    struct items *items;
    struct layouts *layouts;
    struct indexes *indexes;
    struct openapi *openapi;
    struct passwords *passwords;
    struct windows *windows;
    struct views *views;
    struct exports *exports;
    struct edge_figures *edge_figures; /* NULL: there are none */
    struct app_follow follow;          /* zeroed: nobody follows */
    struct hub *hub;                   /* of live answers */
    void (*stopped)(void *context);    /* app_stop's */
    void *stopped_context;
};

static inline const struct plan *app_plan(const struct app *app, const struct resource *resource)
{
    return &app->plans[resource->index];
}

/* Maps an error of the database to an answer: a refused read is no fault of the client, and a
 * database that denies access counts as unavailable. */
static inline enum err database_err(enum err err)
{
    if (err == ERR_DENIED)
        return ERR_UNAVAILABLE;
    return err == ERR_INVALID || err == ERR_SYNTAX || err == ERR_NOT_FOUND ? ERR_INTERNAL : err;
}

#endif
