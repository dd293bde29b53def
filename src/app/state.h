/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_STATE_H
#define LARDER_APP_STATE_H

#include "app/client.h"
#include "app/config.h"
#include "app/plan.h"
#include "cache/cache.h"
#include "http/cors.h"
#include "http/problem.h"
#include "http/router.h"
#include "schema/schema.h"
#include "store/mongo.h"
#include "store/redis.h"

/* Inside of app/: what its files share. */

enum {
    READ_MS = 2000,  /* an answer or a 503 within this time */
    WRITE_MS = 5000, /* send_by and maxTimeMS together, and a little */
    PAGE_REACH = 10000,
    BULK_MAX = 100,
    SMALL_BODY_MAX = 4 << 10
};

enum route_flags {
    ROUTE_WRITE = 1,       /* changes documents: LARDER_WRITES=open lifts the roles below */
    ROUTE_JSON = 2,        /* the body must be application/json */
    ROUTE_MERGE = 4,       /* or application/merge-patch+json */
    ROUTE_USER = 8,        /* needs somebody who is signed in */
    ROUTE_EDITOR = 16,     /* with this role at least */
    ROUTE_ADMIN = 32,      /* with this one */
    ROUTE_VISITOR = 64,    /* wants to know who asks, if anybody is signed in */
    ROUTE_PRIVATE = 128,   /* the answer is not for everybody: no cache of others may keep it */
    ROUTE_PERSONAL = 256,  /* and is kept under the reader's id */
    ROUTE_OWNED = 512,     /* only of documents that the visitor has made, or for an admin of all */
    ROUTE_ONCE = 1024,     /* knows Idempotency-Key */
    ROUTE_SMALL = 2048,    /* the body is of SMALL_BODY_MAX bytes at most */
    ROUTE_OPERATOR = 4096, /* for operators: who is signed in does not matter */
    ROUTE_LIVE = 8192      /* its answer can be watched */
};

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
    struct arena arena;   /* of what is made once */
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
    struct app_follow follow;       /* zeroed where nobody does */
    struct hub *hub;                /* of live answers */
    void (*stopped)(void *context); /* app_stop's */
    void *stopped_context;
};

/* Adds the routes of all resources, which become routes, and those of the program itself. */
void app_routes(struct router *router, const struct schema *schema, struct route **routes);
static inline const struct plan *app_plan(const struct app *app, const struct resource *resource)
{
    return &app->plans[resource->index];
}

/* An error of the database, as an answer: what it refuses is never the client's fault, and one that
 * refuses us is as good as away. */
static inline enum err database_err(enum err err)
{
    if (err == ERR_DENIED)
        return ERR_UNAVAILABLE;
    return err == ERR_INVALID || err == ERR_SYNTAX || err == ERR_NOT_FOUND ? ERR_INTERNAL : err;
}

/* item.c */
struct items *items_new(struct app *app);
void items_stop(struct items *items, void (*done)(void *context), void *context);
void items_free(struct items *items);

/* Handlers, by the table in app.c. */
typedef void handler(void *context, struct request *request, const struct route *route,
                     struct str id);
handler export_handle, list_handle, facets_handle, item_handle, create_handle, update_handle,
    remove_handle;
/* What DELETE of several takes in its query. */
struct param_table remove_several_params(void);
handler patch_several_handle, remove_several_handle, touch_handle;
handler files_schema_handle;
handler popular_handle, stats_handle, live_handle;
handler healthz_handle, readyz_handle, metrics_handle;
handler home_handle, status_handle, purge_handle;
/* purge.c: what a purge is asked by, likewise made once a process. */
const struct resource *purge_form(void);

/* Has the route's handler answer a request that the program itself makes.  session is the hash of
 * who asks; NULL: nobody who is signed in. */
void app_ask(struct app *app, struct request *request, const struct route *route, struct str id,
             const char *session);

/* "Invalid id" unless text is one of the resource's; *id is its canonical text, in room or in
 * text. */
bool take_id(struct request *request, const struct resource *resource, struct str text,
             char room[static ID_TEXT_MAX], struct str *id);
/* 400 unless the query is empty but for what is dropped. */
bool take_no_query(struct request *request);

/* ids.c: items by their canonical ids, as a list in this order. */
struct ids {
    const struct str *items; /* the request arena's */
    size_t count, most;      /* the first so many that there are */
    /* NULL, or for a list that nobody has asked for by ids: called for each one that is not there;
     * what is too large to be shown is left out. */
    void (*absent)(struct app *app, const struct plan *plan, struct str id);
};
void ids_answer(struct app *app, const struct plan *plan, struct request *request,
                const struct ids *ids);
/* The list whose query names ids. */
void ids_handle(struct app *app, const struct plan *plan, struct request *request,
                const struct query *query);

/* The answer of /readyz: health.c asks MongoDB and calls answer with what it says, OK when it is
 * well. */
void health_ask(struct app *app, struct request *request,
                void (*answer)(struct app *app, struct request *request, enum err err));
/* reasons.c.  "valid" or, when other hosts' writes are not heard of, "invalid"; "off" without
 * memory. */
struct str health_memory(const struct app *app);
/* How what other programs write is seen. */
struct str health_follow(const struct app *app);
/* Adds ,"reasons":{"redis":"…"} of what is not well, or nothing; mongo: what its answer was. */
void health_reasons(const struct app *app, enum err mongo, struct buf *body);

/* For the figures of a request that is refused before its route is looked for. */
void app_name_path(struct app *app, struct request *request);

/* rate.c: calls next, now or later, or answers 429. */
void rate_check(struct app *app, struct request *request,
                void (*next)(struct app *app, struct request *request));

#endif
