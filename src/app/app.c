/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/app.h"

#include <sched.h>
#include <stdlib.h>

#include "app/indexes.h"
#include "app/openapi/openapi.h"
#include "app/people/passwords.h"
#include "app/people/people.h"
#include "app/posts.h"
#include "app/products.h"
#include "app/views.h"
#include "app/window.h"
#include "app/write/once.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "http/accept.h"
#include "http/percent.h"

#define COLLECTION_ROUTES(path, resource)                                                          \
    {METHOD_GET, STR_INIT(path), list_handle, &(resource), 0},                                     \
        {METHOD_POST, STR_INIT(path), create_handle, &(resource),                                  \
         ROUTE_WRITE | ROUTE_JSON | ROUTE_ONCE},                                                   \
        {METHOD_GET, STR_INIT(path "/{id}"), item_handle, &(resource), 0},                         \
        {METHOD_PUT, STR_INIT(path "/{id}"), update_handle, &(resource),                           \
         ROUTE_WRITE | ROUTE_JSON},                                                                \
        {METHOD_PATCH, STR_INIT(path "/{id}"), update_handle, &(resource),                         \
         ROUTE_WRITE | ROUTE_JSON | ROUTE_MERGE},                                                  \
    {                                                                                              \
        METHOD_DELETE, STR_INIT(path "/{id}"), remove_handle, &(resource), ROUTE_WRITE             \
    }

static const struct route routes[] = {
    COLLECTION_ROUTES("/api/products", products),
    {METHOD_GET, STR_INIT("/api/products/featured"), list_handle, &products, ROUTE_FEATURED},
    {METHOD_GET, STR_INIT("/api/products/popular"), popular_handle, &products, 0},
    {METHOD_GET, STR_INIT("/api/products/{id}/stats"), stats_handle, &products, 0},
    COLLECTION_ROUTES("/api/posts", posts),
    {METHOD_POST, STR_INIT("/api/users"), user_create_handle, NULL, ROUTE_JSON | ROUTE_ONCE},
    {METHOD_GET, STR_INIT("/api/users/{id}"), user_handle, NULL, ROUTE_USER},
    {METHOD_PUT, STR_INIT("/api/users/{id}"), user_update_handle, NULL, ROUTE_USER | ROUTE_JSON},
    /* Not ROUTE_ONCE, which keeps the answer: a token is kept nowhere but as its hash. */
    {METHOD_POST, STR_INIT("/api/sessions"), session_create_handle, NULL,
     ROUTE_VISITOR | ROUTE_JSON},
    {METHOD_GET, STR_INIT("/api/me/dashboard"), dashboard_handle, NULL, ROUTE_PERSONAL},
    {METHOD_DELETE, STR_INIT("/api/sessions"), sessions_remove_handle, NULL, ROUTE_USER},
    {METHOD_GET, STR_INIT("/api/sessions/current"), session_current_handle, NULL, ROUTE_USER},
    {METHOD_DELETE, STR_INIT("/api/sessions/current"), session_remove_handle, NULL, ROUTE_USER},
    {METHOD_GET, STR_INIT("/api/openapi.json"), openapi_handle, NULL, 0},
    {METHOD_GET, STR_INIT("/api/docs"), docs_handle, NULL, 0},
    {METHOD_GET, STR_INIT("/healthz"), healthz_handle, NULL, ROUTE_OPERATOR},
    {METHOD_GET, STR_INIT("/readyz"), readyz_handle, NULL, ROUTE_OPERATOR},
    {METHOD_GET, STR_INIT("/metrics"), metrics_handle, NULL, ROUTE_OPERATOR},
};

static const struct resource *const planned[PLAN_COUNT] = {&products, &posts};

void app_routes(struct router *router)
{
    router_add(router, routes, COUNT(routes));
}

struct app *app_new(uv_loop_t *loop, const struct app_config *config, struct cache *cache,
                    struct mongo *mongo, struct redis *redis, struct memory *memory)
{
    struct app *app = mem_zalloc(sizeof *app);

    app->loop = loop;
    app->cache = cache;
    app->mongo = mongo;
    app->redis = redis;
    app->memory = memory;
    app->config = *config;
    for (size_t i = 0; i < PLAN_COUNT; i++)
        plan_init(&app->plans[i], planned[i]);
    app_routes(&app->router);
    durations_limit(app->router.count);
    app->openapi = openapi_new(&app->router, config);
    app->items = items_new(app);
    app->passwords = passwords_new(loop, PASSWORDS_WAIT_MS);
    app->windows = windows_new();
    app->views = views_new(app);
    return app;
}

void app_start(struct app *app)
{
    for (size_t i = 0; i < INDEXED_COUNT; i++)
        indexes_make(app, indexed[i]);
}

static void on_views_stopped(void *context)
{
    struct app *app = context;

    items_stop(app->items, app->stopped, app->stopped_context);
}

void app_stop(struct app *app, void (*done)(void *context), void *context)
{
    app->stopped = done;
    app->stopped_context = context;
    views_stop(app->views, on_views_stopped, app);
}

void app_free(struct app *app)
{
    if (app == NULL)
        return;
    items_free(app->items);
    openapi_free(app->openapi);
    passwords_free(app->passwords);
    windows_free(app->windows);
    views_free(app->views);
    free(app);
}

const struct plan *app_plan(const struct app *app, const struct resource *resource)
{
    const struct plan *plan = app->plans;

    while (plan->resource != resource)
        plan++;
    return plan;
}

/* --- What every request must keep to, whatever its route --- */

static bool has_media_type(const struct request *request, unsigned flags)
{
    struct str type = request_param(request, STR("CONTENT_TYPE"));

    return media_type_is(type, STR("application/json")) ||
           ((flags & ROUTE_MERGE) != 0 && media_type_is(type, STR("application/merge-patch+json")));
}

/* No content coding is undone (RFC 9110 section 8.4). */
static bool is_encoded(const struct request *request)
{
    struct str coding = request_param(request, STR("HTTP_CONTENT_ENCODING"));

    return coding.len > 0 && !str_eq_nocase(coding, STR("identity"));
}

/* Answers a body that cannot be let through; true when the handler may have it. */
static bool admits_body(struct request *request, const struct route *route)
{
    if ((route->flags & ROUTE_JSON) == 0 && request->method != METHOD_DELETE &&
        request->body.len > 0) {
        problem_send(request, 400, STR("This request takes no body"), NULL);
    } else if ((route->flags & ROUTE_JSON) != 0 && !has_media_type(request, route->flags)) {
        problem_send(request, 415,
                     route->flags & ROUTE_MERGE ? STR("Content-Type must be application/json or "
                                                      "application/merge-patch+json")
                                                : STR("Content-Type must be application/json"),
                     NULL);
    } else if (is_encoded(request)) {
        problem_send(request, 415, STR("Content-Encoding must be identity"), NULL);
    } else {
        return true;
    }
    return false;
}

static void handle(struct visit *visit)
{
    visit->route->handle(visit->app, visit->request, visit->route, visit->id);
}

static void found_visitor(struct visit *visit)
{
    if (!auth_admits(visit) || !admits_body(visit->request, visit->route))
        return;
    if ((visit->route->flags & ROUTE_ONCE) != 0)
        once_begin(visit, handle);
    else
        handle(visit);
}

static void visit(struct app *app, struct request *request, const struct route *route,
                  struct str id)
{
    static const unsigned asks = ROUTE_WRITE | ROUTE_USER | ROUTE_VISITOR | ROUTE_PERSONAL;
    bool asked = (route->flags & asks) != 0,
         known = request->has_credentials && (route->flags & ROUTE_OPERATOR) == 0;
    struct visit *visit;

    if (!asked && !known && (route->flags & ROUTE_ONCE) == 0) {
        if (admits_body(request, route))
            route->handle(app, request, route, id);
        return;
    }
    visit = arena_zalloc(&request->arena, sizeof *visit);
    visit->app = app;
    visit->request = request;
    visit->route = route;
    visit->id = arena_str(&request->arena, id);
    visit->optional = !asked;
    request->state = visit;
    if (asked || known)
        auth_find(visit, found_visitor);
    else
        found_visitor(visit);
}

/* Also sets where its durations are counted.  ERR_SYNTAX, ERR_NOT_FOUND. */
static enum err find_path(struct app *app, struct request *request, struct router_path **path,
                          struct str *id)
{
    struct str decoded;
    enum err err = percent_decode_path(request->path, &request->arena, &decoded);

    if (err != ERR_OK)
        return err;
    *path = router_find(&app->router, decoded, id);
    if (*path == NULL)
        return ERR_NOT_FOUND;
    request->durations = &(*path)->durations;
    return ERR_OK;
}

static void find_route(struct app *app, struct request *request)
{
    struct router_path *path;
    const struct route *route;
    struct str id;
    enum err err = find_path(app, request, &path, &id);

    if (err == ERR_NOT_FOUND) {
        problem_send(request, 404, STR("Not found"), NULL);
        return;
    }
    if (err != ERR_OK) {
        problem_send(request, 400, STR("The path is not properly percent-encoded UTF-8"), NULL);
        return;
    }
    route = router_route(path, request->method);
    if (route == NULL)
        router_refuse(path, request);
    else
        visit(app, request, route, id);
}

void app_name_path(struct app *app, struct request *request)
{
    struct router_path *path;
    struct str id;

    (void)find_path(app, request, &path, &id);
}

void app_handle(void *context, struct request *request)
{
    if (request->too_large) {
        app_name_path(context, request);
        problem_send(request, 413, STR("The body is larger than 64 KiB"), NULL);
        return;
    }
    rate_check(context, request, find_route);
}

bool take_id(struct request *request, struct str id, struct oid *oid)
{
    if (oid_parse(id, oid) == ERR_OK)
        return true;
    problem_send(request, 400, STR("Invalid id"), NULL);
    return false;
}

bool take_no_query(struct request *request)
{
    struct problem problem;
    struct query query;

    if (request->query.len == 0)
        return true;
    problem_init(&problem, &request->arena);
    if (query_parse(&query, NULL, 0, request->query, &request->arena, &problem) == ERR_OK)
        return true;
    problem_send_invalid(request, &problem);
    return false;
}

/* --- A deadline and a thread, both at one fill --- */

enum { SEAL_OPEN, SEAL_AT_WORK, SEAL_OVER };

void seal_fills(struct seal *seal, struct cache_fill *const *fills, size_t count)
{
    int expected = SEAL_OPEN;

    if (!atomic_compare_exchange_strong(&seal->state, &expected, SEAL_AT_WORK))
        return;
    for (size_t i = 0; i < count; i++)
        cache_fill_seal(fills[i]);
    atomic_store(&seal->state, SEAL_OVER);
}

void seal_end(struct seal *seal)
{
    int expected = SEAL_OPEN;

    if (atomic_compare_exchange_strong(&seal->state, &expected, SEAL_OVER))
        return;
    while (atomic_load(&seal->state) == SEAL_AT_WORK)
        sched_yield();
}
