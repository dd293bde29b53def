/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "app/answer.h"
#include "app/state.h"
#include "base/clock.h"
#include "base/mem.h"

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
    void (*answer)(struct app *app, struct request *request, enum err err);
    struct mongo_job job;
};

static void answer_ready(struct app *app, struct request *request, enum err err)
{
    struct buf *body = &request->response.body;
    bool redis = redis_ready(app->redis), mongo = err == ERR_OK;

    if (!redis)
        redis_wake(app->redis);
    buf_literal(body, "{\"memory\":");
    buf_json_string(body, health_memory(app));
    buf_literal(body, ",\"mongo\":");
    buf_str(body, mongo ? STR("\"up\"") : STR("\"down\""));
    buf_literal(body, ",\"redis\":");
    buf_str(body, redis ? STR("\"up\"") : STR("\"down\""));
    health_reasons(app, err, body);
    buf_literal(body, ",\"status\":");
    buf_str(body, !mongo ? STR("\"down\"") : !redis ? STR("\"degraded\"") : STR("\"ready\""));
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

    probe->answer(probe->app, probe->request, err == ERR_BUSY ? ERR_OK : err); /* not away */
}

void health_ask(struct app *app, struct request *request,
                void (*answer)(struct app *app, struct request *request, enum err err))
{
    struct probe *probe = mem_zalloc(sizeof *probe);

    probe->app = app;
    probe->request = request;
    probe->answer = answer;
    probe->job = (struct mongo_job){.work = ask,
                                    .done = told,
                                    .release = free,
                                    .context = probe,
                                    .deadline_ms = clock_mono_ms() + ASK_MS,
                                    .probe = true,
                                    .uncounted = true};
    mongo_submit_or_tell(app->mongo, &probe->job);
}

void readyz_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    (void)route, (void)id;
    health_ask(context, request, answer_ready);
}
