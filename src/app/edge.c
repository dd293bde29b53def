/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/edge.h"

#include <stdlib.h>

#include "app/answer.h"
#include "app/app_state.h"
#include "app/edge_host.h"
#include "app/read/list.h"
#include "base/clock.h"
#include "base/histogram.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "cache/recall.h"
#include "http/accept.h"
#include "http/percent.h"
#include "memory/feedback.h"

_Static_assert((int)FEEDBACK_BUCKETS == (int)HISTOGRAM_BUCKETS + 2, "one without a bound, the sum");
_Static_assert((int)FEEDBACK_VIEW_MAX >= (int)ITEM_NAME_MAX - (int)PLAN_HASH_SIZE, "all ids fit");

struct edge {
    struct router router;
    struct route *routes;
    struct arena arena;
    struct plan *plans; /* by the resources' indexes */
};

/* One request on its way. */
struct edge_visit {
    struct edge *edge;
    const struct edge_host *host;
    bool answered;
};

/* --- Routes --- */

/* A path that only a worker answers, and that would be taken for an item's. */
static void edge_leave(void *context, struct request *request, const struct route *route,
                       struct str id)
{
    (void)context, (void)request, (void)route, (void)id;
}

static void edge_item(void *context, struct request *request, const struct route *route,
                      struct str id);
static void edge_list(void *context, struct request *request, const struct route *route,
                      struct str id);

enum { EDGE_ROUTES = 6 }; /* besides its lists */

static size_t edge_put_routes(const struct resource *resource, struct route *to)
{
    const struct route routes[EDGE_ROUTES] = {
        {METHOD_GET, resource->path, edge_list, resource, NULL, 0},
        {METHOD_GET, resource->item_path, edge_item, resource, NULL, 0},
        {METHOD_GET, resource->facets_path, edge_leave, NULL, NULL, 0},
        {METHOD_GET, resource->export_path, edge_leave, NULL, NULL, 0},
        {METHOD_GET, resource->touch_path, edge_leave, NULL, NULL, 0},
        {METHOD_GET, resource->popular_path, edge_leave, NULL, NULL, 0},
    };
    size_t count = resource->views ? EDGE_ROUTES : EDGE_ROUTES - 1;

    memcpy(to, routes, count * sizeof routes[0]);
    for (size_t i = 0; i < resource->list_count; i++)
        to[count++] = (struct route){METHOD_GET, resource->lists[i].path, edge_list,
                                     resource,   &resource->lists[i],     0};
    return count;
}

struct edge *edge_new(const struct schema *schema)
{
    struct edge *edge = mem_zalloc(sizeof *edge);
    size_t count = schema_count(schema), most = 1, at = 0;

    for (size_t i = 0; i < count; i++)
        most += EDGE_ROUTES + schema_resource(schema, i)->list_count;
    arena_init(&edge->arena, NULL, 0);
    edge->plans = mem_array(count + 1, sizeof *edge->plans);
    edge->routes = mem_array(most, sizeof *edge->routes);
    for (size_t i = 0; i < count; i++) {
        const struct resource *resource = schema_resource(schema, i);
        plan_init(&edge->plans[i], resource, &edge->arena);
        if (resource->read == ACCESS_ANYONE)
            at += edge_put_routes(resource, edge->routes + at);
    }
    router_add(&edge->router, edge->routes, at);
    return edge;
}

void edge_free(struct edge *edge)
{
    if (edge == NULL)
        return;
    router_free(&edge->router);
    arena_reset(&edge->arena);
    free(edge->routes);
    free(edge->plans);
    free(edge);
}

/* --- Answers --- */

/* Absence is not answered from here: it is told to no one how often. */
static bool edge_recall(const struct edge_visit *visit, const struct request *request,
                        struct cache_lookup *lookup)
{
    struct memory_now now = {request->began_ns, request->arrived_ms};

    if (!recall(visit->host->memory, lookup, now) || lookup->entry.status != 200)
        return false;
    lookup->source = CACHE_EDGE;
    return true;
}

/* A view that cannot be counted now is a worker's. */
static void edge_item(void *context, struct request *request, const struct route *route,
                      struct str id)
{
    struct edge_visit *visit = context;
    const struct resource *resource = route->data;
    char room[ID_TEXT_MAX], name[ITEM_NAME_MAX];
    struct cache_lookup lookup = {.tag_count = 0};
    struct problem problem;
    struct str canonical;

    problem_init(&problem, &request->arena);
    if (id_parse(resource->id, id, room, &canonical) != ERR_OK ||
        query_none(request->query, &request->arena, &problem) != ERR_OK)
        return;
    lookup.name = plan_item_name(&visit->edge->plans[resource->index], canonical, name);
    answer_conditions(&lookup, request);
    if (!edge_recall(visit, request, &lookup) ||
        (resource->views && request->method == METHOD_GET &&
         !feedback_view(visit->host->feedback, plan_unhashed(lookup.name))))
        return;
    visit->answered = true;
    answer_lookup(request, &lookup, resource->absent, NULL);
}

/* Words to look for need an index, of which only a worker knows whether it is there.  Whether a
 * cursor is a good one was seen when the entry of its name was made. */
static void edge_list(void *context, struct request *request, const struct route *route,
                      struct str id)
{
    struct edge_visit *visit = context;
    const struct resource *resource = route->data;
    struct list_read *read = arena_zalloc(&request->arena, sizeof *read);
    const struct query_value *words;
    struct problem problem;

    (void)id;
    problem_init(&problem, &request->arena);
    read->plan = &visit->edge->plans[resource->index];
    read->path = route->pattern;
    if (list_parse(read, request->query, route->detail, &request->arena, &problem) != ERR_OK ||
        problem.count > 0 || list_has_ids(read))
        return;
    words = query_value_of(&read->query, PARAM_MATCH);
    if (words != NULL && words->given)
        return;
    read->lookup.name = list_name(read, &request->arena);
    read->lookup.context = request;
    answer_conditions(&read->lookup, request);
    if (!edge_recall(visit, request, &read->lookup))
        return;
    visit->answered = true;
    answer_lookup(request, &read->lookup, STR("Not found"), list_links);
}

/* --- A request --- */

static void edge_finished(struct request *request)
{
    (void)request; /* the caller sends it */
}

static void edge_count(const struct edge *edge, struct feedback *feedback,
                       const struct request *request, const struct router_path *path)
{
    bool not_modified = request->response.status == 304;
    int64_t ns = clock_mono_ns() - request->began_ns;
    size_t route = (size_t)(path - edge->router.paths);

    feedback_add(feedback, not_modified ? FEEDBACK_3XX : FEEDBACK_2XX);
    feedback_add(feedback, FEEDBACK_HITS);
    if (route < FEEDBACK_ROUTES)
        feedback_time(feedback, (unsigned)route, path->durations.route,
                      FEEDBACK_KIND(request->method == METHOD_HEAD, not_modified),
                      histogram_bucket(ns), ns);
}

bool edge_answer(struct edge *edge, const struct edge_host *host, struct request *request)
{
    struct edge_visit visit = {.edge = edge, .host = host};
    unsigned policy = feedback_policy(host->feedback);
    const struct router_path *path;
    const struct route *route;
    struct str decoded, id;

    if ((policy & FEEDBACK_ANSWERS) == 0 || accept_event_stream(request->accept) ||
        percent_decode_path(request->path, &request->arena, &decoded) != ERR_OK)
        return false;
    path = router_find(&edge->router, decoded, &id);
    route = path != NULL ? router_route(path, request->method) : NULL;
    if (route == NULL)
        return false;
    request->on_finish = edge_finished;
    if ((policy & FEEDBACK_BY_ORIGIN) != 0)
        request->response.vary |= VARY_ORIGIN;
    route->handle(&visit, request, route, percent_slashes(id, &request->arena));
    if (visit.answered)
        edge_count(edge, host->feedback, request, path);
    return visit.answered;
}
