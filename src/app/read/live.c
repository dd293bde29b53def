/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/live.h"

#include "app/handlers.h"
#include "app/people/auth.h"
#include "app/read/look.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/json_writer.h"
#include "http/accept.h"
#include "http/conditional.h"
#include "http/percent.h"
#include "memory/memory.h"

enum { PATHS_MAX = 50 };

/* --- The response --- */

static uint64_t live_client(const struct app *app, const struct request *request)
{
    char room[CLIENT_MAX];
    struct str address = client_address(&app->proxies, request, room);

    return hash64(address.ptr, address.len);
}

static void live_put_head(struct request *request)
{
    struct response *response = &request->response;

    response_reset(response, SIZE_MAX);
    response->status = 200;
    response->vary = VARY_ACCEPT | VARY_ENCODING;
    response_header_lit(response, "Content-Type", "text/event-stream");
    response_header_lit(response, "Cache-Control", "no-store, no-transform");
    response_header_lit(response, "X-Accel-Buffering", "no");
}

void live_soften(const struct app *app, struct request *request)
{
    unsigned status = request->response.status;

    if (app->config.streams == 0 || (request->method & (METHOD_GET | METHOD_HEAD)) == 0 ||
        !str_starts(request->path, STR("/api/")) || !accept_event_stream(request->accept))
        return;
    live_put_head(request);
    hub_put_refusal(&request->response.body, status);
    response_body_done(&request->response);
}

/* Whether its stream may be opened; else it is answered. */
static bool admits(struct app *app, struct request *request, uint64_t client)
{
    unsigned refused;

    if (request->method == METHOD_HEAD) {
        live_put_head(request);
        request->response.unsized = true;
        request_finish(request);
        return false;
    }
    refused = hub_admit(app->hub, client);
    if (refused != 0)
        problem_send(request, refused, STR("There are too many streams: try again"), NULL);
    return refused == 0;
}

static bool refuses_streams(const struct app *app, struct request *request)
{
    if (app->config.streams > 0)
        return false;
    problem_send(request, 406, STR("There are no streams here: ask for application/json"), NULL);
    return true;
}

/* --- One answer --- */

struct opening {
    struct tagset tags; /* first: the request's */
    struct app *app;
    const struct route *route;
    struct str id;
    void (*on_finish)(struct request *request);
};

static bool is_known(const struct request *request, struct str etag)
{
    struct str field = request_param(request, STR("HTTP_LAST_EVENT_ID"));

    if (field.len == 0)
        field = request_param(request, STR("HTTP_IF_NONE_MATCH"));
    return field.len > 0 && etag.len > 0 && etag_is_listed(field, etag);
}

/* What is needed later is copied before the request is given up. */
static void open_one(const struct opening *opening, struct request *request)
{
    struct app *app = opening->app;
    struct tagset tags = opening->tags;
    char etag[ENTRY_ETAG_MAX];
    struct seen seen = look_seen(request, &tags, etag);
    const struct visit *visit = request->state;
    struct look_target target = {opening->route, opening->id, request->query, NULL};
    struct buf text = BUF_INIT(LOOK_TARGET_MAX);
    uint64_t client = live_client(app, request);
    bool known = is_known(request, seen.etag);

    if (!admits(app, request, client))
        return;
    if ((opening->route->flags & ROUTE_USER) != 0)
        target.session = visit->visitor->hash;
    look_target_put(&target, &text);
    live_put_head(request);
    hub_open(app->hub, request, client, buf_view(&text), &seen, known);
    buf_free(&text);
}

static void on_found(struct request *request)
{
    struct opening *opening = (struct opening *)request->tags;
    unsigned status = request->response.status;

    request->tags = NULL;
    request->on_finish = opening->on_finish;
    if (status == 200 || status == 304)
        open_one(opening, request);
    else
        request_finish(request);
}

bool live_expect(struct app *app, struct request *request, const struct route *route, struct str id)
{
    struct opening *opening;

    if ((request->method & (METHOD_GET | METHOD_HEAD)) == 0 ||
        !accept_event_stream(request->accept))
        return true;
    if (refuses_streams(app, request))
        return false;
    opening = arena_alloc(&request->arena, sizeof *opening);
    tagset_init(&opening->tags, app->memory);
    opening->app = app;
    opening->route = route;
    opening->id = arena_str(&request->arena, id);
    opening->on_finish = request->on_finish;
    request->tags = &opening->tags;
    request->on_finish = on_found;
    return true;
}

/* --- Several --- */

/* What a request is read to, in memory that outlives it. */
struct watching {
    struct arena arena;
    struct hub_path paths[PATHS_MAX];
    struct str texts[PATHS_MAX];
    size_t count;
};

static bool has_text(const struct watching *all, struct str text)
{
    for (size_t i = 0; i < all->count; i++)
        if (str_eq(all->texts[i], text))
            return true;
    return false;
}

static void take_watch(struct watching *all, struct str value, struct problem *problem)
{
    static const struct str name = STR_INIT("watch");
    struct str text;

    if (percent_decode_query(value, &all->arena, &text) != ERR_OK)
        problem_add(problem, name, STR("is not properly percent-encoded UTF-8"));
    else if (has_text(all, text))
        problem_add(problem, name, STR("names a path twice"));
    else if (all->count == PATHS_MAX)
        problem_add(problem, name, STR("names more than 50 paths"));
    else
        all->texts[all->count++] = arena_str(&all->arena, text);
}

static void take_watches(struct watching *all, struct str query, struct problem *problem)
{
    struct str pair, name;

    while (problem->count == 0 && query.len > 0 && str_split(&query, '&', &pair)) {
        size_t equals = str_find(pair, '=');
        if (percent_decode_query(str_make(pair.ptr, equals), &all->arena, &name) != ERR_OK ||
            !str_eq(name, STR("watch")))
            problem_add(problem, str_make(pair.ptr, equals), STR("is unknown"));
        else
            take_watch(all, str_from_offset(pair, equals + 1), problem);
    }
    if (problem->count == 0 && all->count == 0)
        problem_add(problem, STR("watch"), STR("must name 1 to 50 paths"));
}

/* The status that a path is refused with; 0: *target is what it is of. */
static unsigned find_target(struct app *app, struct str text, struct arena *arena,
                            struct look_target *target)
{
    size_t mark = str_find(text, '?');
    struct router_path *path;
    struct str decoded, id;

    if (text.len == 0 || text.ptr[0] != '/' ||
        percent_decode_path(str_make(text.ptr, mark), arena, &decoded) != ERR_OK)
        return 400;
    path = router_find(&app->router, decoded, &id);
    if (path == NULL)
        return memchr(decoded.ptr, PERCENT_SLASH, decoded.len) != NULL ? 400 : 404;
    target->route = router_route(path, METHOD_GET);
    if (target->route == NULL)
        return 405;
    target->id = percent_slashes(id, arena);
    target->query = str_from_offset(text, mark + 1);
    return (target->route->flags & ROUTE_LIVE) != 0 ? 0 : 406;
}

static void find_path(struct app *app, const struct request *request, struct watching *all,
                      size_t i)
{
    const struct visitor *visitor = request_visitor(request);
    struct buf name = BUF_INIT(LOOK_TARGET_MAX * 4), text = BUF_INIT(LOOK_TARGET_MAX);
    struct look_target target = {0};
    unsigned status = find_target(app, all->texts[i], &all->arena, &target);

    if (status == 0 && (target.route->flags & ROUTE_USER) != 0) {
        status = visitor == NULL ? 401 : 0;
        target.session = visitor != NULL ? visitor->hash : NULL;
    }
    if (status == 0)
        look_target_put(&target, &text);
    json_put_string(&name, all->texts[i]);
    all->paths[i] = (struct hub_path){.name = arena_str(&all->arena, buf_view(&name)),
                                      .target = arena_str(&all->arena, buf_view(&text)),
                                      .status = status};
    buf_free(&name);
    buf_free(&text);
}

static void open_several(struct app *app, struct request *request, struct watching *all)
{
    uint64_t client = live_client(app, request);

    if (!admits(app, request, client))
        return;
    for (size_t i = 0; i < all->count; i++)
        find_path(app, request, all, i);
    live_put_head(request);
    hub_open_paths(app->hub, request, client, all->paths, all->count);
}

void live_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    struct watching all = {.count = 0};
    struct problem problem;

    (void)route, (void)id;
    if (refuses_streams(app, request))
        return;
    if (!accept_event_stream(request->accept)) {
        problem_send(request, 406, STR("Ask for text/event-stream (Accept)"), NULL);
        return;
    }
    problem_init(&problem, &request->arena);
    arena_init(&all.arena, NULL, 0);
    take_watches(&all, request->query, &problem);
    if (problem.count > 0)
        problem_send_invalid(request, &problem);
    else
        open_several(app, request, &all);
    arena_reset(&all.arena);
}

/* --- The hub --- */

/* Memory is believed as long as other hosts' writes arrive, and so are streams.  There may be
 * no request that would wake a connection to Redis. */
static enum doubt live_doubt(void *context)
{
    struct app *app = context;

    if (!redis_ready(app->redis))
        redis_wake(app->redis);
    if (!memory_lease_valid(app->memory, clock_mono_ns()))
        return redis_ready(app->redis) ? DOUBT_MEMORY : DOUBT_REDIS;
    return mongo_up(app->mongo) ? DOUBT_NONE : DOUBT_MONGO;
}

struct hub *live_hub_new(struct app *app)
{
    struct hub_config config = {.memory = app->memory,
                                .streams = app->config.streams,
                                .per_client = app->config.streams_per_client,
                                .look = look,
                                .doubt = live_doubt,
                                .context = app};

    return hub_new(app->loop, &config);
}

void live_drain(struct app *app)
{
    hub_drain(app->hub);
}
