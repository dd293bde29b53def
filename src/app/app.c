/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/app.h"

#include <stdlib.h>

#include "app/dispatch.h"
#include "app/edge_figures.h"
#include "app/handlers.h"
#include "app/indexes.h"
#include "app/layout.h"
#include "app/openapi/openapi.h"
#include "app/people/passwords.h"
#include "app/read/export.h"
#include "app/read/item.h"
#include "app/read/live.h"
#include "app/routes.h"
#include "app/views.h"
#include "app/window.h"
#include "base/mem.h"
#include "live/live.h"

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
    app->edge_figures = edge_figures_new(app, config->memory_name, config->edge_group);
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

/* Views come last from there. */
static void on_figures_stopped(void *context)
{
    struct app *app = context;

    views_stop(app->views, on_views_stopped, app);
}

void app_stop(struct app *app, void (*done)(void *context), void *context)
{
    app->stopped = done;
    app->stopped_context = context;
    edge_figures_stop(app->edge_figures, on_figures_stopped, app);
}

void app_free(struct app *app)
{
    if (app == NULL)
        return;
    edge_figures_free(app->edge_figures);
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

/* --- For the gateway --- */

void app_handle(void *context, struct request *request)
{
    dispatch(context, request);
}

void app_answering(void *context, struct request *request)
{
    struct app *app = context;
    unsigned status = request->response.status;

    if (status == 429 || status == 503)
        live_soften(app, request);
    cors_answer(&app->cors, request);
}
