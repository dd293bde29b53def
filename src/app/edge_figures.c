/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/edge_figures.h"

#include <stdlib.h>

#include "app/app_state.h"
#include "app/views.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "memory/feedback.h"
#include "memory/memory.h"

enum { COLLECT_MS = 250 };

struct edge_figures {
    struct app *app;
    char name[MEMORY_NAME_MAX + 1];
    gid_t group;
    struct feedback_file *file; /* NULL: it was lost, and is tried again */
    uv_timer_t timer;
    void (*stopped)(void *context);
    void *stopped_context;
};

/* --- One by one --- */

static void figures_hit(void *context, uint64_t key_hash, unsigned times)
{
    const struct edge_figures *figures = context;

    memory_used(figures->app->memory, key_hash, times);
}

static void figures_count(void *context, enum feedback_count count, uint64_t by)
{
    static const enum metric metrics[FEEDBACK_COUNTS] = {[FEEDBACK_2XX] = METRIC_REQUESTS_2XX,
                                                         [FEEDBACK_3XX] = METRIC_REQUESTS_3XX,
                                                         [FEEDBACK_HITS] = METRIC_HIT_EDGE};

    (void)context;
    metric_add(metrics[count], by);
}

/* The resource of "product:65a…"; NULL: of none that is served here. */
static const struct plan *figures_plan(const struct app *app, struct str singular)
{
    for (size_t i = 0; i < app->plan_count; i++)
        if (str_eq(app->plans[i].resource->singular, singular))
            return &app->plans[i];
    return NULL;
}

static void figures_view(void *context, struct str name, uint64_t by)
{
    const struct edge_figures *figures = context;
    size_t colon = str_find(name, ':');
    const struct plan *plan = figures_plan(figures->app, str_make(name.ptr, colon));
    struct str id = str_from_offset(name, colon + 1), canonical;
    char room[ID_TEXT_MAX];

    if (plan != NULL && id_parse(plan->resource->id, id, room, &canonical) == ERR_OK)
        views_count(figures->app->views, plan, canonical, by);
}

static struct durations *figures_durations(struct app *app, struct str pattern)
{
    for (size_t i = 0; i < app->router.count; i++)
        if (str_eq(app->router.paths[i].durations.route, pattern))
            return &app->router.paths[i].durations;
    return &durations_other;
}

static void figures_time(void *context, struct str pattern, unsigned kind, const uint64_t *buckets)
{
    const struct edge_figures *figures = context;

    durations_add_all(figures_durations(figures->app, pattern),
                      (kind & FEEDBACK_KIND(1, 0)) != 0 ? METHOD_HEAD : METHOD_GET,
                      (kind & FEEDBACK_KIND(0, 1)) != 0 ? 304 : 200, buckets,
                      buckets[FEEDBACK_BUCKETS - 1]);
}

static const struct feedback_events events = {
    .hit = figures_hit, .count = figures_count, .view = figures_view, .time = figures_time};

/* --- Life --- */

/* What a worker must see by itself is not for the web server to answer, and where this worker
 * believes nothing that is kept (cache/member.h), neither may that. */
static unsigned figures_policy(const struct app *app)
{
    unsigned policy = app->cors.named ? FEEDBACK_BY_ORIGIN : 0;
    bool answers = app->config.rate == 0 && !app->config.logs && cache_apart(app->cache).len == 0;

    return answers ? policy | FEEDBACK_ANSWERS : policy;
}

static void figures_open(struct edge_figures *figures)
{
    enum err err = feedback_file_open(figures->name, figures->group, figures_policy(figures->app),
                                      &figures->file);

    if (err != ERR_OK)
        log_warn("edge", "the web server cannot answer by itself", LOG_CSTR("name", figures->name),
                 LOG_ERR(err));
}

void edge_figures_collect(struct edge_figures *figures)
{
    if (figures == NULL)
        return;
    if (figures->file != NULL && !feedback_file_is_current(figures->file)) {
        feedback_file_close(figures->file);
        figures->file = NULL;
        figures_open(figures);
    }
    if (figures->file == NULL)
        return;
    feedback_file_allow(figures->file, figures_policy(figures->app));
    feedback_take(figures->file, &events, figures);
}

static void figures_on_time(uv_timer_t *timer)
{
    edge_figures_collect(timer->data);
}

struct edge_figures *edge_figures_new(struct app *app, const char *name, gid_t group)
{
    struct edge_figures *figures;

    if (name == NULL || memory_item_max(app->memory) == 0)
        return NULL;
    figures = mem_zalloc(sizeof *figures);
    figures->app = app;
    figures->group = group;
    memcpy(figures->name, name, strnlen(name, MEMORY_NAME_MAX));
    figures_open(figures);
    uv_timer_init(app->loop, &figures->timer);
    figures->timer.data = figures;
    uv_timer_start(&figures->timer, figures_on_time, COLLECT_MS, COLLECT_MS);
    return figures;
}

static void figures_on_close(uv_handle_t *handle)
{
    struct edge_figures *figures = handle->data;

    figures->stopped(figures->stopped_context);
}

void edge_figures_stop(struct edge_figures *figures, void (*done)(void *context), void *context)
{
    if (figures == NULL) {
        done(context);
        return;
    }
    edge_figures_collect(figures);
    figures->stopped = done;
    figures->stopped_context = context;
    uv_close((uv_handle_t *)&figures->timer, figures_on_close);
}

void edge_figures_free(struct edge_figures *figures)
{
    if (figures != NULL)
        feedback_file_close(figures->file);
    free(figures);
}
