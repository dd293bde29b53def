/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/app_state.h"
#include "app/arguments.h"
#include "app/edge_figures.h"
#include "app/handlers.h"
#include "app/read/ids.h"
#include "app/read/item.h"
#include "app/views.h"
#include "base/json_writer.h"
#include "http/conditional.h"

/* GET …/popular, those looked at most, and GET …/{id}/stats. */

/* More are asked for than are shown: those that were deleted by others are only found to be gone.
 */
enum { SHOWN = 20, ASKED_MAX = 320 };

struct asking {
    struct app *app;
    struct request *request;
    const struct plan *plan;
};

/* --- Popular --- */

/* Redis knows of none, or does not answer. */
static void answer_none(const struct plan *plan, struct request *request, enum err err)
{
    struct response *response = &request->response;
    char room[ETAG_SIZE];

    buf_literal(
        &response->body, BODY_PREFIX
        ",\"count\":0,\"total\":0,\"page\":1,\"pages\":1,\"limit\":0,\"next\":null,\"data\":[]}");
    if (err == ERR_OK)
        answer_cache_status(response, CACHE_REDIS, CACHE_DETAIL_NONE, 200, 0);
    else
        answer_cache_status(response, CACHE_DATABASE, CACHE_DETAIL_REDIS_DOWN, 200, 0);
    response_header_lit(response, "X-Total-Count", "0");
    answer_tagged(request, plan_list_etag(plan, STR(""), room)); /* as any list by ids is */
}

/* Views of what others have deleted are taken away.  Where an item is there for its owner only,
 * absent does not mean gone. */
static void popular_absent(struct app *app, const struct plan *plan, struct str id)
{
    if (plan->resource->read != ACCESS_OWNER)
        views_forget(app->views, plan, id);
}

static void answer_ids(struct asking *asking, enum err err, const struct redis_value *reply)
{
    struct request *request = asking->request;
    struct arena *arena = &request->arena;
    size_t count = redis_count(reply);
    struct str *items = arena_alloc(arena, (count + 1) * sizeof *items), id;
    struct ids ids = {.items = items, .most = SHOWN, .absent = popular_absent};
    char room[ID_TEXT_MAX];

    for (size_t i = 0; i < count; i++)
        if (id_parse(asking->plan->resource->id, redis_str(redis_item(reply, i)), room, &id) ==
            ERR_OK)
            items[ids.count++] = arena_str(arena, id);
    if (ids.count > 0)
        ids_answer(asking->app, asking->plan, request, &ids);
    else
        answer_none(asking->plan, request, err);
}

static void on_popular(void *context, enum err err, const struct redis_value *reply)
{
    answer_ids(context, err, err == ERR_OK ? reply : NULL);
}

static struct asking *popular_ask(struct app *app, struct request *request,
                                  const struct route *route)
{
    struct asking *asking = arena_alloc(&request->arena, sizeof *asking);

    *asking = (struct asking){app, request, app_plan(app, route->data)};
    return asking;
}

void popular_handle(void *context, struct request *request, const struct route *route,
                    struct str id)
{
    struct asking *asking = popular_ask(context, request, route);
    struct str key = views_key(asking->app, asking->plan, STR(""), &request->arena);

    (void)id;
    if (!take_no_query(request))
        return;
    redis_command(asking->app->redis, 4,
                  (const struct str[]){STR("ZREVRANGE"), key, STR("0"),
                                       arena_decimal(&request->arena, ASKED_MAX - 1)},
                  on_popular, asking);
}

/* --- Stats --- */

struct stats {
    struct item_read read; /* first */
    struct asking *asking;
};

static void answer_stats(struct stats *stats, bool known, int64_t views)
{
    struct request *request = stats->asking->request;
    struct buf *body = &request->response.body;

    buf_reset(body);
    buf_literal(body, "{\"success\":true,\"data\":{\"_id\":");
    if (stats->read.plan->resource->id == ID_INTEGER)
        buf_str(body, stats->read.id);
    else
        json_put_string(body, stats->read.id);
    buf_literal(body, ",\"views\":");
    if (known)
        buf_int(body, views);
    else
        buf_literal(body, "null");
    buf_literal(body, "}}");
    answer_json(request, 200, STR("no-store"));
}

static void on_views(void *context, enum err err, const struct redis_value *reply)
{
    struct stats *stats = context;
    struct app *app = stats->asking->app;
    int64_t views = 0;

    (void)str_int(redis_str(reply), 0, INT64_MAX / 2, &views);
    edge_figures_collect(app->edge_figures);
    views += (int64_t)views_waiting(app->views, stats->read.plan, stats->read.id);
    answer_stats(stats, err == ERR_OK, views);
}

/* Only items that exist have stats. */
static void on_item(struct cache_lookup *lookup)
{
    struct stats *stats = (struct stats *)lookup;
    struct asking *asking = stats->asking;
    struct request *request = asking->request;

    if (lookup->err != ERR_OK) {
        problem_send_err(request, database_err(lookup->err));
        return;
    }
    if (lookup->entry.status != 200) {
        problem_send(request, 404, asking->plan->resource->absent, NULL);
        return;
    }
    redis_command(asking->app->redis, 2,
                  (const struct str[]){STR("GET"), views_key(asking->app, asking->plan,
                                                             stats->read.id, &request->arena)},
                  on_views, stats);
}

void stats_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    struct stats *stats;
    char room[ID_TEXT_MAX];
    struct str canonical;

    if (!take_id(request, route->data, id, room, &canonical) || !take_no_query(request))
        return;
    stats = arena_zalloc(&request->arena, sizeof *stats);
    stats->asking = popular_ask(app, request, route);
    item_read_init(&stats->read, app, stats->asking->plan, canonical);
    item_read_by(&stats->read, request, route);
    stats->read.lookup.done = on_item;
    stats->read.lookup.context = request;
    answer_prepare(&stats->read.lookup, request);
    cache_get(app->cache, &stats->read.lookup);
}
