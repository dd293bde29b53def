/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/health.h"
#include "app/answer.h"
#include "app/app_state.h"
#include "app/handlers.h"
#include "app/indexes.h"
#include "base/idiom.h"
#include "base/json_writer.h"

void healthz_handle(void *context, struct request *request, const struct route *route,
                    struct str id)
{
    (void)context, (void)route, (void)id;
    buf_literal(&request->response.body, "{\"status\":\"alive\"}");
    answer_json(request, 200, STR("no-store"));
}

/* --- Readiness: MongoDB is asked, Redis is looked at --- */

enum { BUSY_MS = 2000 };

struct probe {
    struct app *app;
    struct request *request;
    void (*answer)(struct app *app, struct request *request, enum err err);
    struct mongo_ask ask;
};

/* ?strict=1: as a host that must be able to ask MongoDB, whatever it could still answer. */
static bool is_strict(const struct request *request)
{
    struct str rest = request->query, part;

    while (str_split(&rest, '&', &part))
        if (str_eq(part, STR("strict=1")))
            return true;
    return false;
}

/* How long what was kept before an outage may be given in it. */
static int64_t longest_kept_ms(const struct app *app)
{
    int64_t longest = 0;

    for (size_t i = 0; i < app->plan_count; i++) {
        const struct cache_class *const classes[] = {&app->plans[i].item_class,
                                                     &app->plans[i].list_class};
        for (size_t j = 0; j < COUNT(classes); j++) {
            int64_t kept_ms = classes[j]->ttl_ms * 11 / 10 + classes[j]->error_ms;
            longest = kept_ms > longest ? kept_ms : longest;
        }
    }
    return longest;
}

/* Whether requests can be answered from what is kept. */
static bool keeps(const struct app *app)
{
    int64_t silent_ms = mongo_silent_ms(app->mongo);

    return silent_ms < longest_kept_ms(app) && cache_keeps(app->cache, silent_ms);
}

static void answer_ready(struct app *app, struct request *request, enum err err)
{
    struct buf *body = &request->response.body;
    bool redis = cache_reason(app->cache).len == 0, mongo = err == ERR_OK;
    bool alone = cache_apart(app->cache).len == 0;
    bool down = !mongo && (is_strict(request) || !keeps(app));
    struct str follow = health_follow(app);
    bool ready = mongo && redis && alone && !str_eq(follow, STR("behind"));

    redis_wake(app->redis);
    buf_literal(body, "{\"memory\":");
    json_put_string(body, health_memory(app));
    buf_literal(body, ",\"mongo\":");
    buf_str(body, mongo ? STR("\"up\"") : STR("\"down\""));
    buf_literal(body, ",\"redis\":");
    buf_str(body, redis ? STR("\"up\"") : STR("\"down\""));
    health_reasons(app, err, body);
    buf_literal(body, ",\"status\":");
    buf_str(body, down ? STR("\"down\"") : ready ? STR("\"ready\"") : STR("\"degraded\""));
    buf_literal(body, ",\"follow\":");
    json_put_string(body, follow);
    if (indexes_missing(app->indexes))
        buf_literal(body, ",\"indexes\":\"missing\"");
    buf_char(body, '}');
    if (down)
        response_header_lit(&request->response, "Retry-After", "1");
    answer_json(request, down ? 503 : 200, STR("no-store"));
}

/* A ping that is late while requests are answered means a busy server, not an absent one.
 */
static void told(void *context, enum err err)
{
    struct probe *probe = context;
    struct app *app = probe->app;
    bool busy = err == ERR_TIMEOUT && mongo_up(app->mongo) && mongo_silent_ms(app->mongo) < BUSY_MS;

    probe->answer(app, probe->request, busy ? ERR_OK : err);
}

void health_ask(struct app *app, struct request *request,
                void (*answer)(struct app *app, struct request *request, enum err err))
{
    struct probe *probe = arena_zalloc(&request->arena, sizeof *probe);

    probe->app = app;
    probe->request = request;
    probe->answer = answer;
    probe->ask.told = told;
    probe->ask.context = probe;
    mongo_ask(app->mongo, &probe->ask);
}

void readyz_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    (void)route, (void)id;
    health_ask(context, request, answer_ready);
}
