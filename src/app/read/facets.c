/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/facets.h"

#include <stdlib.h>

#include "app/answer.h"
#include "app/handlers.h"
#include "app/read/words.h"
#include "base/mem.h"

static enum err facets_parse(struct facets_read *read, struct str text, struct arena *arena,
                             struct problem *problem)
{
    const struct param_table *table = &read->plan->resource->facets;

    return query_parse(&read->query, table->params, table->count, text, arena, problem);
}

static void set_name(struct facets_read *read, struct arena *arena)
{
    struct str text = query_text(&read->query, UINT64_MAX, arena);

    read->lookup.name = plan_list_name(read->plan, ARENA_JOIN(arena, STR("facets?"), text), arena);
    scope_tags(&read->scope, read->app, read->plan, &read->query, arena, &read->lookup);
}

/* As list.c's: what the query borrows from the request is read again. */
static struct cache_lookup *detach(const struct cache_lookup *lookup)
{
    const struct facets_read *read = (const struct facets_read *)lookup;
    struct facets_read *copy = mem_zalloc(sizeof *copy);
    struct problem problem;

    arena_init(&copy->arena, NULL, 0);
    problem_init(&problem, &copy->arena);
    copy->lookup = (struct cache_lookup){.class = lookup->class,
                                         .fill = lookup->fill,
                                         .detach = lookup->detach,
                                         .detached_free = lookup->detached_free};
    copy->app = read->app;
    copy->plan = read->plan;
    (void)facets_parse(copy, query_text(&read->query, UINT64_MAX, &copy->arena), &copy->arena,
                       &problem);
    set_name(copy, &copy->arena);
    return &copy->lookup;
}

static void detached_free(struct cache_lookup *lookup)
{
    struct facets_read *read = (struct facets_read *)lookup;

    arena_reset(&read->arena);
    free(read);
}

static void facets_done(struct cache_lookup *lookup)
{
    struct request *request = lookup->context;
    struct problem problem;

    if (lookup->err != ERR_TOO_LARGE) {
        answer_lookup(request, lookup, STR("Not found"), NULL);
        return;
    }
    problem_init(&problem, &request->arena);
    problem_add(&problem, STR("by"), STR("has too many different values, or too long ones"));
    problem_send_invalid(request, &problem);
}

void facets_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct facets_read *read = arena_zalloc(&request->arena, sizeof *read);
    struct problem problem;

    (void)id;
    problem_init(&problem, &request->arena);
    read->app = context;
    read->plan = app_plan(read->app, route->data);
    read->lookup = (struct cache_lookup){.class = &read->plan->list_class,
                                         .fill = facets_fill,
                                         .detach = detach,
                                         .detached_free = detached_free,
                                         .done = facets_done,
                                         .context = request};
    scope_init(&read->scope, request, route);
    if (facets_parse(read, request->query, &request->arena, &problem) == ERR_OK &&
        !query_value_of(&read->query, PARAM_BY)->given)
        problem_add(&problem, STR("by"), STR("is required: 1 to 5 filters of equality"));
    if (problem.count > 0) {
        problem_send_invalid(request, &problem);
    } else if (!words_refuse(read->app, read->plan, &read->query, request)) {
        set_name(read, &request->arena);
        answer_prepare(&read->lookup, request);
        cache_get(read->app->cache, &read->lookup);
    }
}
