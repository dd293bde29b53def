/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/app.h"

#include <stdlib.h>
#include <string.h>

#include "app/indexes.h"
#include "app/layout.h"
#include "app/openapi/openapi.h"
#include "app/people/passwords.h"
#include "app/people/people.h"
#include "app/read/export.h"
#include "app/read/live.h"
#include "app/rights.h"
#include "app/views.h"
#include "app/window.h"
#include "app/write/once.h"
#include "app/write/parsing.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "http/accept.h"
#include "http/percent.h"
#include "live/hub.h"

/* --- Routes --- */

enum { RESOURCE_ROUTES = 13 }; /* besides its lists */

static size_t put_resource(const struct resource *resource, struct str path, struct str item,
                           struct route *to)
{
    const struct route routes[] = {
        {METHOD_GET, path, list_handle, resource, NULL,
         ROUTE_LIVE | rights_read_flags(resource->read)},
        {METHOD_GET, resource->facets_path, facets_handle, resource, NULL,
         ROUTE_LIVE | rights_read_flags(resource->read)},
        {METHOD_GET, resource->export_path, export_handle, resource, NULL,
         rights_read_flags(resource->read)},
        {METHOD_POST, path, create_handle, resource, NULL,
         rights_write_flags(resource->create) | ROUTE_JSON | ROUTE_ONCE},
        {METHOD_PATCH, path, patch_several_handle, resource, NULL,
         rights_write_flags(resource->update) | ROUTE_JSON | ROUTE_MERGE | ROUTE_ONCE},
        {METHOD_DELETE, path, remove_several_handle, resource, NULL,
         rights_write_flags(resource->remove) | ROUTE_ONCE},
        {METHOD_GET, item, item_handle, resource, NULL,
         ROUTE_LIVE | rights_read_flags(resource->read)},
        {METHOD_PUT, item, update_handle, resource, NULL,
         rights_write_flags(resource->update) | ROUTE_JSON},
        {METHOD_PATCH, item, update_handle, resource, NULL,
         rights_write_flags(resource->update) | ROUTE_JSON | ROUTE_MERGE},
        {METHOD_DELETE, item, remove_handle, resource, NULL, rights_write_flags(resource->remove)},
    };

    memcpy(to, routes, sizeof routes);
    return COUNT(routes);
}

static size_t put_touch(const struct resource *resource, struct route *to)
{
    *to = (struct route){METHOD_POST,  resource->touch_path,
                         touch_handle, resource,
                         NULL,         ROUTE_WRITE | ROUTE_USER | ROUTE_EDITOR | ROUTE_JSON};
    return 1;
}

static size_t put_views(const struct resource *resource, struct route *to)
{
    to[0] = (struct route){METHOD_GET, resource->popular_path,           popular_handle, resource,
                           NULL,       rights_read_flags(resource->read)};
    to[1] = (struct route){METHOD_GET,   resource->stats_path,
                           stats_handle, resource,
                           NULL,         rights_read_flags(resource->read)};
    return 2;
}

static size_t put_lists(const struct resource *resource, struct route *to)
{
    for (size_t i = 0; i < resource->list_count; i++)
        to[i] = (struct route){METHOD_GET,          resource->lists[i].path,
                               list_handle,         resource,
                               &resource->lists[i], ROUTE_LIVE | rights_read_flags(resource->read)};
    return resource->list_count;
}

static const struct route own_routes[] = {
    {METHOD_POST, STR_INIT("/api/users"), user_create_handle, NULL, NULL,
     ROUTE_VISITOR | ROUTE_JSON | ROUTE_ONCE | ROUTE_SMALL},
    {METHOD_GET, STR_INIT("/api/users"), users_handle, NULL, NULL, ROUTE_USER},
    {METHOD_GET, STR_INIT("/api/users/{id}"), user_handle, NULL, NULL, ROUTE_USER},
    {METHOD_PATCH, STR_INIT("/api/users/{id}"), user_rights_handle, NULL, NULL,
     ROUTE_USER | ROUTE_JSON | ROUTE_MERGE | ROUTE_SMALL},
    {METHOD_DELETE, STR_INIT("/api/users/{id}"), user_remove_handle, NULL, NULL,
     ROUTE_USER | ROUTE_SMALL},
    {METHOD_PUT, STR_INIT("/api/users/{id}"), user_update_handle, NULL, NULL,
     ROUTE_USER | ROUTE_JSON | ROUTE_SMALL},
    /* Not ROUTE_ONCE, which keeps the answer: a token is kept nowhere but as its hash. */
    {METHOD_POST, STR_INIT("/api/sessions"), session_create_handle, NULL, NULL,
     ROUTE_VISITOR | ROUTE_JSON | ROUTE_SMALL},
    {METHOD_GET, STR_INIT("/api/me/dashboard"), dashboard_handle, NULL, NULL,
     ROUTE_USER | ROUTE_PRIVATE | ROUTE_PERSONAL | ROUTE_LIVE},
    {METHOD_GET, STR_INIT("/api/live"), live_handle, NULL, NULL, ROUTE_VISITOR},
    {METHOD_DELETE, STR_INIT("/api/sessions"), sessions_remove_handle, NULL, NULL, ROUTE_USER},
    {METHOD_GET, STR_INIT("/api/sessions/current"), session_current_handle, NULL, NULL, ROUTE_USER},
    {METHOD_DELETE, STR_INIT("/api/sessions/current"), session_remove_handle, NULL, NULL,
     ROUTE_USER},
    {METHOD_GET, STR_INIT("/api/openapi.json"), openapi_handle, NULL, NULL, 0},
    {METHOD_GET, STR_INIT("/api/docs"), docs_handle, NULL, NULL, 0},
    {METHOD_GET, STR_INIT("/api/resource.schema.json"), files_schema_handle, NULL, NULL, 0},
    {METHOD_GET, STR_INIT("/"), home_handle, NULL, NULL, 0},
    {METHOD_GET, STR_INIT("/api/admin/status"), status_handle, NULL, NULL,
     ROUTE_USER | ROUTE_ADMIN},
    {METHOD_POST, STR_INIT("/api/admin/purge"), purge_handle, NULL, NULL,
     ROUTE_USER | ROUTE_ADMIN | ROUTE_JSON | ROUTE_SMALL},
    {METHOD_GET, STR_INIT("/healthz"), healthz_handle, NULL, NULL, ROUTE_OPERATOR},
    {METHOD_GET, STR_INIT("/readyz"), readyz_handle, NULL, NULL, ROUTE_OPERATOR},
    {METHOD_GET, STR_INIT("/metrics"), metrics_handle, NULL, NULL, ROUTE_OPERATOR},
};

void app_routes(struct router *router, const struct schema *schema, struct route **routes)
{
    size_t count = schema_count(schema), most = 0, at = 0;

    for (size_t i = 0; i < count; i++)
        most += RESOURCE_ROUTES + schema_resource(schema, i)->list_count;
    *routes = mem_array(most + 1, sizeof **routes);
    for (size_t i = 0; i < count; i++) {
        const struct resource *resource = schema_resource(schema, i);
        at += put_resource(resource, resource->path, resource->item_path, *routes + at);
        at += put_touch(resource, *routes + at);
        if (resource->views)
            at += put_views(resource, *routes + at);
        at += put_lists(resource, *routes + at);
    }
    router_add(router, *routes, at);
    router_add(router, own_routes, COUNT(own_routes));
}

/* --- Life --- */

struct app *app_new(uv_loop_t *loop, const struct app_config *config, const struct schema *schema,
                    struct cache *cache, struct mongo *mongo, struct redis *redis,
                    struct memory *memory)
{
    struct app *app = mem_zalloc(sizeof *app);

    app->loop = loop;
    app->cache = cache;
    app->mongo = mongo;
    app->redis = redis;
    app->memory = memory;
    app->config = *config;
    cors_init(&app->cors, config->origins);
    (void)networks_parse(config->proxies, app->proxies.networks, &app->proxies.count);
    app->schema = schema;
    arena_init(&app->arena, NULL, 0);
    app->plan_count = schema_count(schema);
    app->plans = mem_array(app->plan_count + 1, sizeof *app->plans);
    for (size_t i = 0; i < app->plan_count; i++)
        plan_init(&app->plans[i], schema_resource(schema, i), &app->arena);
    app_routes(&app->router, schema, &app->routes);
    durations_limit(app->router.count);
    app->openapi = openapi_new(app);
    app->items = items_new(app);
    app->passwords = passwords_new(loop, PASSWORDS_WAIT_MS);
    app->windows = windows_new();
    app->views = views_new(app);
    app->layouts = layouts_new(app);
    app->exports = exports_new(app);
    app->indexes = indexes_new(app);
    app->hub = live_hub_new(app);
    return app;
}

void app_set_follow(struct app *app, const struct app_follow *follow)
{
    app->follow = *follow;
}

void app_limit(struct app *app, const struct resource *resource, bool limited)
{
    plan_limit(&app->plans[resource->index], limited);
}

void app_start(struct app *app)
{
    openapi_start(app->openapi);
    indexes_start(app->indexes);
}

void app_await_layouts(struct app *app, void (*told)(void *context), void *context)
{
    layouts_await(app->layouts, told, context);
}

static void on_indexes_stopped(void *context)
{
    struct app *app = context;

    items_stop(app->items, app->stopped, app->stopped_context);
}

static void on_layouts_stopped(void *context)
{
    struct app *app = context;

    indexes_stop(app->indexes, on_indexes_stopped, app);
}

void app_drain(struct app *app)
{
    live_drain(app);
}

static void on_exports_stopped(void *context)
{
    struct app *app = context;

    layouts_stop(app->layouts, on_layouts_stopped, app);
}

static void on_hub_stopped(void *context)
{
    struct app *app = context;

    exports_stop(app->exports, on_exports_stopped, app);
}

static void on_views_stopped(void *context)
{
    struct app *app = context;

    hub_stop(app->hub, on_hub_stopped, app);
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
    exports_free(app->exports);
    hub_free(app->hub);
    items_free(app->items);
    openapi_free(app->openapi);
    passwords_free(app->passwords);
    windows_free(app->windows);
    views_free(app->views);
    layouts_free(app->layouts);
    indexes_free(app->indexes);
    router_free(&app->router);
    arena_reset(&app->arena);
    free(app->routes);
    free(app->plans);
    free(app);
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

/* What generated clients send with every request, and what says nothing. */
static bool is_ignorable(struct str body)
{
    static const struct str empty[] = {STR_INIT(""), STR_INIT("{}"), STR_INIT("[]"),
                                       STR_INIT("null"), STR_INIT("\"\"")};
    size_t i = 0;

    while (body.len > 0 && strchr(" \t\r\n", body.ptr[0]) != NULL && body.ptr[0] != '\0')
        body = str_from_offset(body, 1);
    while (body.len > 0 && strchr(" \t\r\n", body.ptr[body.len - 1]) != NULL &&
           body.ptr[body.len - 1] != '\0')
        body.len--;
    while (i < COUNT(empty) && !str_eq(body, empty[i]))
        i++;
    return i < COUNT(empty);
}

static struct str media_type_problem(const struct request *request, unsigned flags)
{
    if (media_type_has_other_charset(request_param(request, STR("CONTENT_TYPE"))))
        return STR("The charset must be utf-8: JSON is UTF-8, whatever Content-Type says");
    return (flags & ROUTE_MERGE) != 0
               ? STR("Content-Type must be application/json or application/merge-patch+json")
               : STR("Content-Type must be application/json");
}

/* Answers a body that cannot be let through; true when the handler may have it. */
static bool admits_body(struct request *request, const struct route *route)
{
    bool takes = (route->flags & ROUTE_JSON) != 0;

    if (!takes && (request->method == METHOD_DELETE || is_ignorable(request->body)))
        return true;
    if (!takes)
        problem_send(request, 400, STR("This request takes no body"), NULL);
    else if (!has_media_type(request, route->flags))
        problem_send(request, 415, media_type_problem(request, route->flags), NULL);
    else if (is_encoded(request))
        problem_send(request, 415, STR("Content-Encoding must be identity"), NULL);
    else
        return true;
    return false;
}

/* Before anybody is looked up: what is too large is not worth a question. */
static bool admits_size(struct request *request, const struct route *route)
{
    if ((route->flags & ROUTE_SMALL) == 0 || request->body.len <= SMALL_BODY_MAX)
        return true;
    problem_send(request, 413, STR("The body is larger than 4 KiB"), NULL);
    return false;
}

static void handle_now(struct visit *visit)
{
    visit->route->handle(visit->app, visit->request, visit->route, visit->id);
}

static void handle(struct visit *visit)
{
    if ((visit->route->flags & ROUTE_JSON) != 0 && visit->request->body.len > PARSING_MIN)
        parsing_begin(visit, handle_now);
    else
        handle_now(visit);
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

static struct visit *visit_new(struct app *app, struct request *request, const struct route *route,
                               struct str id)
{
    struct visit *visit = arena_zalloc(&request->arena, sizeof *visit);

    visit->app = app;
    visit->request = request;
    visit->route = route;
    visit->id = arena_str(&request->arena, id);
    request->state = visit;
    return visit;
}

static void visit(struct app *app, struct request *request, const struct route *route,
                  struct str id)
{
    static const unsigned asks = ROUTE_WRITE | ROUTE_USER | ROUTE_VISITOR;
    bool asked = (route->flags & asks) != 0,
         known = request->has_credentials && (route->flags & ROUTE_OPERATOR) == 0;
    struct visit *visit;

    if (!admits_size(request, route))
        return;
    if (!asked && !known && (route->flags & ROUTE_ONCE) == 0) {
        if (admits_body(request, route))
            route->handle(app, request, route, id);
        return;
    }
    visit = visit_new(app, request, route, id);
    visit->optional = !asked;
    if (asked || known)
        auth_find(visit, found_visitor);
    else
        found_visitor(visit);
}

void app_ask(struct app *app, struct request *request, const struct route *route, struct str id,
             const char *session)
{
    struct visit *visit;

    if ((route->flags & ROUTE_USER) == 0) {
        route->handle(app, request, route, id);
        return;
    }
    visit = visit_new(app, request, route, id);
    if (session != NULL)
        auth_resume(visit, session, found_visitor);
    else
        found_visitor(visit);
}

static struct str path_problem(enum err err)
{
    if (err == ERR_UNSUPPORTED)
        return STR(
            "The path has an encoded slash (%2F), which is no separator, and in no name here");
    if (err == ERR_INVALID)
        return STR(
            "The path has an encoded control character (%01 to %1F, %7F), which is in no name "
            "here");
    return STR("The path is not properly percent-encoded UTF-8");
}

/* Also sets where its durations are counted.  ERR_NOT_FOUND, or what path_problem tells. */
static enum err find_path(struct app *app, struct request *request, struct router_path **path,
                          struct str *id)
{
    struct str decoded;
    enum err err = percent_decode_path(request->path, &request->arena, &decoded);

    if (err != ERR_OK)
        return err;
    *path = router_find(&app->router, decoded, id);
    if (*path == NULL)
        return memchr(decoded.ptr, PERCENT_SLASH, decoded.len) != NULL ? ERR_UNSUPPORTED
                                                                       : ERR_NOT_FOUND;
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
        problem_send(request, 400, path_problem(err), NULL);
        return;
    }
    route = router_route(path, request->method);
    if (route == NULL)
        router_refuse(path, request);
    else if ((route->flags & ROUTE_LIVE) == 0 || live_expect(app, request, route, id))
        visit(app, request, route, percent_slashes(id, &request->arena));
}

void app_name_path(struct app *app, struct request *request)
{
    struct router_path *path;
    struct str id;

    (void)find_path(app, request, &path, &id);
}

void app_handle(void *context, struct request *request)
{
    struct app *app = context;

    if (request->too_large) {
        app_name_path(app, request);
        problem_send(request, 413, STR("The body is larger than 64 KiB"), NULL);
    } else if (cors_is_preflight(&app->cors, request)) {
        request->response.status = 204;
        request_finish(request);
    } else {
        rate_check(app, request, find_route);
    }
}

void app_answering(void *context, struct request *request)
{
    struct app *app = context;
    unsigned status = request->response.status;

    if (status == 429 || status == 503)
        live_soften(app, request);
    cors_answer(&app->cors, request);
}

bool take_id(struct request *request, const struct resource *resource, struct str text,
             char room[static ID_TEXT_MAX], struct str *id)
{
    if (id_parse(resource->id, text, room, id) == ERR_OK)
        return true;
    problem_send(request, 400,
                 memchr(text.ptr, '/', text.len) != NULL ? path_problem(ERR_UNSUPPORTED)
                                                         : STR("Invalid id"),
                 NULL);
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
