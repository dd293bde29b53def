/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "app/app_state.h"
#include "app/edge_figures.h"
#include "app/handlers.h"
#include "app/health.h"
#include "base/clock.h"
#include "base/idiom.h"
#include "base/metrics.h"
#include "memory/memory.h"
#include "mongo/mongo.h"
#include "redis/redis.h"

/* GET /metrics: what all workers of the host have counted, and what this one knows. */

static void put_memory(struct buf *out, const struct memory *memory)
{
    struct memory_stats stats;

    memory_stats(memory, &stats);
    const struct {
        const char *name, *type, *help;
        uint64_t value;
    } shown[] = {
        {"bytes", "gauge", "Shared memory for answers", stats.bytes},
        {"used_bytes", "gauge", "Of it, in use", stats.used},
        {"records", "gauge", "Answers in shared memory", stats.records},
        {"evictions_total", "counter", "Answers dropped from shared memory for want of room",
         stats.evictions},
    };
    for (size_t i = 0; i < COUNT(shown); i++)
        buf_printf(
            out, "# HELP larder_memory_%s %s.\n# TYPE larder_memory_%s %s\nlarder_memory_%s %llu\n",
            shown[i].name, shown[i].help, shown[i].name, shown[i].type, shown[i].name,
            (unsigned long long)shown[i].value);
}

static void put_writes(struct buf *out, const struct app *app)
{
    struct memory_writes writes;

    memory_writes(app->memory, clock_mono_ns(), &writes);
    const struct {
        const char *name, *help;
        double value;
    } shown[] = {
        {"larder_fences", "Tags of this host's table that a write has fenced", writes.fences},
        {"larder_pending_invalidations",
         "Tags of this host's table with an invalidation that waits", writes.pending},
        {"larder_pending_invalidations_oldest_seconds", "How long the oldest of them has waited",
         (double)writes.oldest_ms / 1000},
    };
    for (size_t i = 0; i < COUNT(shown); i++) {
        metrics_gauge_head(out, shown[i].name, shown[i].help);
        metrics_gauge_text(out, shown[i].name, "", shown[i].value);
    }
}

static void put_servers(struct buf *out, const struct app *app, bool mongo)
{
    static const char up[] = "larder_up", valid[] = "larder_memory_valid",
                      build[] = "larder_build_info";
    char labels[128];

    metrics_gauge_head(out, up, "Whether the server answers, as /readyz says");
    metrics_gauge_text(out, up, "server=\"mongo\"", mongo);
    metrics_gauge_text(out, up, "server=\"redis\"", redis_ready(app->redis));
    metrics_gauge_head(out, valid, "Whether answers in shared memory are believed");
    metrics_gauge_text(out, valid, "", str_eq(health_memory(app), STR("valid")));
    metrics_gauge_head(out, build, "This version and its libraries'");
    snprintf(labels, sizeof labels,
             "version=\"" PACKAGE_VERSION "\",libmongoc=\"%s\",hiredis=\"%s\"",
             mongo_driver_version(), redis_library_version());
    metrics_gauge_text(out, build, labels, 1);
}

static void answer_metrics(struct app *app, struct request *request, enum err mongo)
{
    struct response *response = &request->response;

    if (!redis_ready(app->redis))
        redis_wake(app->redis);
    edge_figures_collect(app->edge_figures);
    metrics_text(&response->body);
    put_memory(&response->body, app->memory);
    put_writes(&response->body, app);
    if (app->follow.metrics != NULL)
        app->follow.metrics(app->follow.context, &response->body);
    put_servers(&response->body, app, mongo == ERR_OK);
    response->status = 200;
    response_header_lit(response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response_header_lit(response, "Cache-Control", "no-store");
    response_body_done(response);
    request_finish(request);
}

void metrics_handle(void *context, struct request *request, const struct route *route,
                    struct str id)
{
    (void)route, (void)id;
    health_ask(context, request, answer_metrics);
}
