/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "app/answer.h"
#include "app/state.h"
#include "base/clock.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "memory/memory.h"

enum { ASK_MS = 1000 };

void healthz_handle(void *context, struct request *request, const struct route *route,
                    struct str id)
{
    (void)context, (void)route, (void)id;
    buf_literal(&request->response.body, "{\"status\":\"alive\"}");
    answer_json(request, 200, STR("no-store"));
}

/* --- Readiness: MongoDB is asked, Redis is looked at --- */

struct probe {
    struct app *app;
    struct request *request;
    struct mongo_job job;
};

/* ,"reasons":{"redis":"…"} or nothing. */
static void put_reasons(struct buf *body, struct str redis)
{
    if (redis.len == 0)
        return;
    buf_literal(body, ",\"reasons\":{\"redis\":");
    buf_json_string(body, redis);
    buf_char(body, '}');
}

static void answer(struct app *app, struct request *request, bool mongo)
{
    struct buf *body = &request->response.body;
    struct str reason = cache_reason(app->cache);
    bool redis = reason.len == 0;

    redis_wake(app->redis);
    buf_literal(body, "{\"mongo\":");
    buf_str(body, mongo ? STR("\"up\"") : STR("\"down\""));
    buf_literal(body, ",\"redis\":");
    buf_str(body, redis ? STR("\"up\"") : STR("\"down\""));
    buf_literal(body, ",\"status\":");
    buf_str(body, !mongo ? STR("\"down\"") : !redis ? STR("\"degraded\"") : STR("\"ready\""));
    put_reasons(body, reason);
    buf_char(body, '}');
    if (!mongo)
        response_header_lit(&request->response, "Retry-After", "1");
    answer_json(request, mongo ? 200 : 503, STR("no-store"));
}

/* A question such as requests have: a server answers pings of users whom it lets read nothing. */
static enum err ask(struct mongo_db *db, void *context)
{
    const struct plan *plan = ((struct probe *)context)->app->plans;
    const struct condition nothing = {STR("_id"), OP_EQ, value_oid((struct oid){{0}})};
    enum err err = collection_find_one(db, plan->resource->name, &nothing, 1, ASK_MS,
                                       &(struct record){.shape = &plan->shape});

    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static void told(void *context, enum err err)
{
    struct probe *probe = context;

    answer(probe->app, probe->request, err == ERR_OK || err == ERR_BUSY); /* busy is not away */
}

void readyz_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    struct probe *probe = mem_zalloc(sizeof *probe);

    (void)route, (void)id;
    probe->app = app;
    probe->request = request;
    probe->job = (struct mongo_job){.work = ask,
                                    .done = told,
                                    .release = free,
                                    .context = probe,
                                    .deadline_ms = clock_mono_ms() + ASK_MS};
    mongo_submit_or_tell(app->mongo, &probe->job);
}

/* --- Metrics --- */

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

void metrics_handle(void *context, struct request *request, const struct route *route,
                    struct str id)
{
    struct app *app = context;
    struct response *response = &request->response;

    (void)route, (void)id;
    metrics_text(&response->body);
    put_memory(&response->body, app->memory);
    response->status = 200;
    response_header_lit(response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response_header_lit(response, "Cache-Control", "no-store");
    response_body_done(response);
    request_finish(request);
}
