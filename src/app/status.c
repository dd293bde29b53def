/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "app/answer.h"
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/health.h"
#include "app/indexes.h"
#include "app/people/people.h"
#include "app/views.h"
#include "base/clock.h"
#include "base/idiom.h"
#include "base/json_writer.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "memory/memory.h"

/* GET /api/admin/status: how this host does.  Requests are counted for a second before it is
 * answered. */

enum { MEASURE_MS = 1000, READ_MOST = 10 };

struct popular_item {
    const struct plan *plan;
    struct str id;
    int64_t views;
};

struct status {
    struct app *app;
    struct request *request;
    uv_timer_t *timer;
    uint64_t requests; /* when it began */
    int64_t began_ns;
    size_t waits; /* replies of Redis that are still to come */
    struct popular_item popular[READ_MOST];
    size_t popular_count;
    int64_t redis_bytes, redis_evicted; /* -1: not known */
    enum err mongo;
};

/* What Redis is asked about one resource. */
struct status_part {
    struct status *status;
    const struct plan *plan;
};

/* --- Writing it --- */

static uint64_t status_requests(void)
{
    return metric_sum(METRIC_REQUESTS_2XX) + metric_sum(METRIC_REQUESTS_3XX) +
           metric_sum(METRIC_REQUESTS_4XX) + metric_sum(METRIC_REQUESTS_5XX);
}

static void status_put_requests(struct buf *body, const struct status *status)
{
    uint64_t now = status_requests();
    double seconds = (double)(clock_mono_ns() - status->began_ns) / 1e9;

    buf_literal(body, ",\"requests\":{\"perSecond\":");
    json_put_double(body, (double)(int64_t)((double)(now - status->requests) / seconds + 0.5));
    buf_literal(body, ",\"total\":");
    buf_uint(body, now);
    buf_literal(body, ",\"failed\":");
    buf_uint(body, metric_sum(METRIC_REQUESTS_5XX));
    buf_literal(body, ",\"inFlight\":");
    buf_int(body, gauge_sum(GAUGE_IN_FLIGHT));
    buf_char(body, '}');
}

static void status_put_layers(struct buf *body)
{
    static const struct {
        const char *name;
        enum metric metric;
    } layers[] = {
        {"edge", METRIC_HIT_EDGE},
        {"memory", METRIC_HIT_MEMORY},
        {"redis", METRIC_HIT_REDIS},
        {"stale", METRIC_HIT_STALE},
        {"staleIfError", METRIC_STALE_IF_ERROR},
        {"collapsed", METRIC_COLLAPSED},
        {"miss", METRIC_MISS},
        {"writeFence", METRIC_BYPASS_FENCE},
        {"pending", METRIC_BYPASS_PENDING},
        {"redisDown", METRIC_BYPASS_REDIS_DOWN},
        {"newCache", METRIC_BYPASS_YOUNG},
    };
    enum { HITS = 5 }; /* of them, the first ones */
    uint64_t counts[COUNT(layers)], all = 0, hits = 0;

    for (size_t i = 0; i < COUNT(layers); i++) {
        counts[i] = metric_sum(layers[i].metric);
        all += counts[i];
        hits += i < HITS ? counts[i] : 0;
    }
    buf_literal(body, ",\"cache\":{\"lookups\":");
    buf_uint(body, all);
    buf_literal(body, ",\"hitRatio\":");
    if (all == 0)
        buf_literal(body, "null");
    else
        json_put_double(body, (double)hits / (double)all);
    buf_literal(body, ",\"layers\":[");
    for (size_t i = 0; i < COUNT(layers); i++) {
        buf_str(body, i == 0 ? STR("{\"name\":") : STR(",{\"name\":"));
        json_put_string(body, str_from(layers[i].name));
        buf_literal(body, ",\"count\":");
        buf_uint(body, counts[i]);
        buf_literal(body, ",\"ratio\":");
        json_put_double(body, all == 0 ? 0 : (double)counts[i] / (double)all);
        buf_char(body, '}');
    }
    buf_literal(body, "]}");
}

static void status_put_connections(struct buf *body, const struct status *status)
{
    const struct app *app = status->app;
    bool redis = cache_reason(app->cache).len == 0;

    buf_literal(body, ",\"connections\":{\"mongo\":");
    buf_str(body, status->mongo == ERR_OK ? STR("\"up\"") : STR("\"down\""));
    buf_literal(body, ",\"redis\":");
    buf_str(body, redis ? STR("\"up\"") : STR("\"down\""));
    buf_literal(body, ",\"memory\":");
    json_put_string(body, health_memory(app));
    health_reasons(app, status->mongo, body);
    buf_literal(body, "},\"streams\":");
    buf_int(body, gauge_sum(GAUGE_STREAMS));
}

static void status_put_follow(struct buf *body, const struct app *app)
{
    buf_literal(body, ",\"follow\":{\"way\":");
    json_put_string(body, health_follow(app));
    if (app->follow.status != NULL)
        app->follow.status(app->follow.context, body);
    buf_literal(body, "},\"missingIndexes\":");
    indexes_json(app->indexes, body);
}

static void status_put_known(struct buf *body, int64_t value)
{
    if (value >= 0)
        buf_int(body, value);
    else
        buf_literal(body, "null");
}

static void status_put_memory(struct buf *body, const struct status *status)
{
    struct memory_stats stats;
    struct memory_writes writes;

    memory_stats(status->app->memory, &stats);
    memory_writes(status->app->memory, clock_mono_ns(), &writes);
    buf_printf(body, ",\"pendingInvalidations\":{\"open\":%u,\"oldestSeconds\":%.1f,\"fences\":%u}",
               writes.pending, (double)writes.oldest_ms / 1000, writes.fences);
    buf_printf(body,
               ",\"memory\":{\"bytes\":%llu,\"usedBytes\":%llu,\"records\":%llu,"
               "\"evictions\":%llu,\"workersBytes\":%lld,\"redisBytes\":",
               (unsigned long long)stats.bytes, (unsigned long long)stats.used,
               (unsigned long long)stats.records, (unsigned long long)stats.evictions,
               (long long)gauge_sum(GAUGE_RSS));
    status_put_known(body, status->redis_bytes);
    buf_literal(body, ",\"redisEvictions\":");
    status_put_known(body, status->redis_evicted);
    buf_char(body, '}');
}

static void status_put_popular(struct buf *body, const struct status *status)
{
    buf_literal(body, ",\"popular\":[");
    for (size_t i = 0; i < status->popular_count; i++) {
        const struct popular_item *item = &status->popular[i];
        buf_str(body, i == 0 ? STR("{\"resource\":") : STR(",{\"resource\":"));
        json_put_string(body, item->plan->resource->name);
        buf_literal(body, ",\"_id\":");
        if (item->plan->resource->id == ID_INTEGER)
            buf_str(body, item->id);
        else
            json_put_string(body, item->id);
        buf_literal(body, ",\"views\":");
        buf_int(body, item->views);
        buf_char(body, '}');
    }
    buf_char(body, ']');
}

static void status_answer(struct status *status)
{
    struct buf *body = &status->request->response.body;

    buf_literal(body, "{\"success\":true,\"version\":\"" PACKAGE_VERSION "\"");
    time_json(body, "time", clock_wall_ms());
    buf_literal(body, ",\"workers\":");
    buf_uint(body, metrics_workers());
    status_put_requests(body, status);
    status_put_layers(body);
    status_put_connections(body, status);
    status_put_follow(body, status->app);
    status_put_memory(body, status);
    status_put_popular(body, status);
    buf_char(body, '}');
    personal_send(status->request, 200);
}

/* --- Asking for it --- */

/* By falling views; what is beyond the room is left out. */
static void status_add(struct status *status, const struct plan *plan, struct str id, int64_t views)
{
    size_t at = status->popular_count;

    while (at > 0 && status->popular[at - 1].views < views)
        at--;
    if (at == READ_MOST)
        return;
    if (status->popular_count < READ_MOST)
        status->popular_count++;
    for (size_t i = status->popular_count - 1; i > at; i--)
        status->popular[i] = status->popular[i - 1];
    status->popular[at] =
        (struct popular_item){plan, arena_str(&status->request->arena, id), views};
}

static void status_reply(struct status *status)
{
    if (--status->waits == 0)
        status_answer(status);
}

/* With scores: each id is followed by its number of views. */
static void on_popular(void *context, enum err err, const struct redis_value *reply)
{
    struct status_part *part = context;
    char room[ID_TEXT_MAX];
    struct str id;
    int64_t views;

    for (size_t i = 0; err == ERR_OK && i + 1 < redis_count(reply); i += 2)
        if (id_parse(part->plan->resource->id, redis_str(redis_item(reply, i)), room, &id) ==
                ERR_OK &&
            str_int(redis_str(redis_item(reply, i + 1)), 0, INT64_MAX, &views) == ERR_OK)
            status_add(part->status, part->plan, id, views);
    status_reply(part->status);
}

static void on_info(void *context, enum err err, const struct redis_value *reply)
{
    struct status *status = context;
    const struct {
        struct str name;
        int64_t *value;
    } shown[] = {{STR_INIT("used_memory:"), &status->redis_bytes},
                 {STR_INIT("evicted_keys:"), &status->redis_evicted}};
    struct str info = err == ERR_OK ? redis_str(reply) : STR(""), line;

    while (info.len > 0 && str_split(&info, '\n', &line)) {
        line.len = str_find(line, '\r');
        for (size_t i = 0; i < COUNT(shown); i++)
            if (str_starts(line, shown[i].name))
                (void)str_int(str_from_offset(line, shown[i].name.len), 0, INT64_MAX,
                              shown[i].value);
    }
    status_reply(status);
}

static void status_ask_popular(struct status *status, const struct plan *plan)
{
    struct arena *arena = &status->request->arena;
    struct status_part *part = arena_alloc(arena, sizeof *part);

    *part = (struct status_part){status, plan};
    status->waits++;
    redis_command(status->app->redis, 5,
                  (const struct str[]){STR("ZREVRANGE"),
                                       views_key(status->app, plan, STR(""), arena), STR("0"),
                                       arena_decimal(arena, READ_MOST - 1), STR("WITHSCORES")},
                  on_popular, part);
}

static void on_health(struct app *app, struct request *request, enum err err)
{
    struct status *status = ((struct visit *)request->state)->own;

    status->mongo = err;
    status->waits = 1;
    redis_command(app->redis, 1, (const struct str[]){STR("INFO")}, on_info, status);
    for (size_t i = 0; i < app->plan_count; i++)
        if (app->plans[i].resource->views)
            status_ask_popular(status, &app->plans[i]);
}

static void on_status_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_measured(uv_timer_t *timer)
{
    struct status *status = timer->data;

    uv_close((uv_handle_t *)timer, on_status_timer_closed);
    health_ask(status->app, status->request, on_health);
}

void status_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    struct status *status;

    (void)route, (void)id;
    if (!take_no_query(request))
        return;
    status = arena_zalloc(&request->arena, sizeof *status);
    ((struct visit *)request->state)->own = status;
    status->app = app;
    status->request = request;
    status->redis_bytes = status->redis_evicted = -1;
    status->requests = status_requests();
    status->began_ns = clock_mono_ns();
    status->timer = mem_alloc(sizeof *status->timer);
    uv_timer_init(app->loop, status->timer);
    status->timer->data = status;
    uv_timer_start(status->timer, on_measured, MEASURE_MS, 0);
}
