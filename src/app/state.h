/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_STATE_H
#define LARDER_APP_STATE_H

#include <stdatomic.h>

#include "app/app.h"
#include "app/plan.h"
#include "cache/cache.h"
#include "http/problem.h"
#include "http/router.h"
#include "store/mongo.h"
#include "store/redis.h"

/* Inside of app/: what its files share. */

enum {
    READ_MS = 2000,  /* an answer or a 503 within this time */
    WRITE_MS = 5000, /* send_by and maxTimeMS together, and a little */
    PAGE_REACH = 10000,
    BULK_MAX = 100,
    PLAN_COUNT = 2
};

enum route_flags {
    ROUTE_WRITE = 1,     /* needs an editor */
    ROUTE_JSON = 2,      /* the body must be application/json */
    ROUTE_MERGE = 4,     /* or application/merge-patch+json */
    ROUTE_FEATURED = 8,  /* a list with featured=true */
    ROUTE_USER = 16,     /* needs somebody who is signed in */
    ROUTE_VISITOR = 32,  /* wants to know who asks, if anybody is signed in */
    ROUTE_PERSONAL = 64, /* needs a user, and the answer is that user's alone */
    ROUTE_ONCE = 128,    /* knows Idempotency-Key */
    ROUTE_OPERATOR = 256 /* for operators: who is signed in does not matter */
};

struct items;
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
    struct router router;
    struct plan plans[PLAN_COUNT];
    struct items *items;
    struct openapi *openapi;
    struct passwords *passwords;
    struct windows *windows;
    struct views *views;
    void (*stopped)(void *context); /* app_stop's */
    void *stopped_context;
};

/* Adds all routes. */
void app_routes(struct router *router);
/* Of one of the planned resources: products and posts. */
const struct plan *app_plan(const struct app *app, const struct resource *resource);

/* An error of the database, as an answer: what it refuses is never the client's fault, and one that
 * refuses us is as good as away. */
static inline enum err database_err(enum err err)
{
    if (err == ERR_DENIED)
        return ERR_UNAVAILABLE;
    return err == ERR_INVALID || err == ERR_SYNTAX || err == ERR_NOT_FOUND ? ERR_INTERNAL : err;
}

/* cache_fill_seal from a thread, against a deadline that ends the fill on the loop at the same
 * time: whoever comes first wins, and the other sees it. */
struct seal {
    atomic_int state;
};
void seal_fills(struct seal *seal, struct cache_fill *const *fills, size_t count);
void seal_end(struct seal *seal);

/* item.c */
struct items *items_new(struct app *app);
void items_stop(struct items *items, void (*done)(void *context), void *context);
void items_free(struct items *items);

/* Handlers, by the table in app.c. */
typedef void handler(void *context, struct request *request, const struct route *route,
                     struct str id);
handler list_handle, item_handle, create_handle, update_handle, remove_handle;
handler popular_handle, stats_handle;
handler healthz_handle, readyz_handle, metrics_handle;

/* "Invalid id" unless id is one. */
bool take_id(struct request *request, struct str id, struct oid *oid);
/* 400 unless the query is empty but for what is dropped. */
bool take_no_query(struct request *request);

/* ids.c: the list whose query picks ids. */
void ids_handle(struct app *app, const struct plan *plan, struct request *request,
                const struct query *query);

/* The answer of /readyz: health.c asks MongoDB and calls answer with what it says, OK when it is
 * well. */
void health_ask(struct app *app, struct request *request,
                void (*answer)(struct app *app, struct request *request, enum err err));
/* reasons.c.  "valid" or, when other hosts' writes are not heard of, "invalid"; "off" without
 * memory. */
struct str health_memory(const struct app *app);
/* Adds ,"reasons":{"redis":"…"} of what is not well, or nothing; mongo: what its answer was. */
void health_reasons(const struct app *app, enum err mongo, struct buf *body);

/* For the figures of a request that is refused before its route is looked for. */
void app_name_path(struct app *app, struct request *request);

/* rate.c: calls next, now or later, or answers 429. */
void rate_check(struct app *app, struct request *request,
                void (*next)(struct app *app, struct request *request));

/* indexes.c */
void indexes_make(struct app *app, const struct resource *resource);

#endif
