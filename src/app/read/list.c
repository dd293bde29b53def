/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/list.h"

#include <stdlib.h>

#include "app/answer.h"
#include "app/handlers.h"
#include "app/read/cursor.h"
#include "app/read/ids.h"
#include "app/read/item.h"
#include "app/read/words.h"
#include "base/mem.h"

/* --- The entry's name and tags --- */

void list_read_name(struct list_read *read, struct arena *arena)
{
    read->lookup.name = list_name(read, arena);
    scope_tags(&read->scope, read->app, read->plan, &read->query, arena, &read->lookup);
}

struct str list_asked(const struct plan *plan, const struct query *query, struct arena *arena)
{
    uint64_t mask = plan->filters | UINT64_C(1) << plan->at[PARAM_SORT];

    return ARENA_JOIN(arena, plan->resource->name, STR("?"), query_text(query, mask, arena));
}

enum err list_after(const struct plan *plan, const struct query *query, struct arena *arena,
                    struct keyset *keyset)
{
    return cursor_decode(query->values[plan->at[PARAM_AFTER]].text, list_asked(plan, query, arena),
                         arena, keyset);
}

/* --- The look-up --- */

/* The query's texts belong to the request: the copy reads them again from the canonical text. */
static struct cache_lookup *detach(const struct cache_lookup *lookup)
{
    const struct list_read *read = (const struct list_read *)lookup;
    const struct resource *resource = read->plan->resource;
    struct list_read *copy = mem_zalloc(sizeof *copy);
    struct problem problem;

    arena_init(&copy->arena, NULL, 0);
    problem_init(&problem, &copy->arena);
    copy->lookup.class = &read->plan->list_class;
    copy->lookup.fill = list_fill;
    copy->lookup.detach = lookup->detach;
    copy->lookup.detached_free = lookup->detached_free;
    copy->app = read->app;
    copy->plan = read->plan;
    (void)query_parse(&copy->query, resource->params, resource->param_count,
                      query_text(&read->query, read->plan->all, &copy->arena), &copy->arena,
                      &problem);
    list_read_name(copy, &copy->arena);
    return &copy->lookup;
}

static void detached_free(struct cache_lookup *lookup)
{
    struct list_read *read = (struct list_read *)lookup;

    arena_reset(&read->arena);
    free(read);
}

static void list_done(struct cache_lookup *lookup)
{
    const struct list_read *read = (const struct list_read *)lookup;
    struct request *request = lookup->context;
    struct problem problem;

    if (lookup->err != ERR_TOO_LARGE) {
        answer_lookup(request, lookup, STR("Not found"), list_links);
        return;
    }
    if (list_number(read, PARAM_LIMIT) == 1) {
        item_send_too_large(read->plan, request, STR(""), STR(""));
        return;
    }
    problem_init(&problem, &request->arena);
    problem_add(&problem, STR("limit"), STR("gives a page of more than 4 MiB: ask for less"));
    problem_send_invalid(request, &problem);
}

/* --- What the parameters must keep to together --- */

static void list_check_after(const struct list_read *read, struct arena *arena,
                             struct problem *problem)
{
    const struct query_value *after = list_value(read, PARAM_AFTER);
    struct keyset keyset;
    enum err err;

    if (!after->given)
        return;
    err = list_after(read->plan, &read->query, arena, &keyset);
    if (err == ERR_INVALID)
        problem_add(problem, STR("after"), STR("belongs to another filter or sort"));
    else if (err != ERR_OK)
        problem_add(problem, STR("after"), STR("must be the next of an earlier page"));
    else if (list_value(read, PARAM_PAGE)->given)
        problem_add(problem, STR("page"), STR("cannot be combined with after"));
}

static bool list_take_query(struct list_read *read, struct request *request,
                            const struct route *route, struct problem *problem)
{
    struct arena *arena = &request->arena;

    if (list_parse(read, request->query, route->detail, arena, problem) != ERR_OK)
        return false;
    if (!list_has_ids(read))
        list_check_after(read, arena, problem);
    list_check(read, problem);
    return problem->count == 0;
}

void list_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    struct list_read *read = arena_alloc(&request->arena, sizeof *read);
    struct problem problem;

    (void)id;
    problem_init(&problem, &request->arena);
    read->app = app;
    read->plan = app_plan(app, route->data);
    read->path = route->pattern;
    read->lookup = (struct cache_lookup){.class = &read->plan->list_class,
                                         .fill = list_fill,
                                         .detach = detach,
                                         .detached_free = detached_free,
                                         .done = list_done,
                                         .context = request};
    scope_init(&read->scope, request, route);
    if (!list_take_query(read, request, route, &problem)) {
        problem_send_invalid(request, &problem);
    } else if (words_refuse(app, read->plan, &read->query, request)) {
        return;
    } else if (list_has_ids(read)) {
        ids_handle(app, read->plan, request, &read->query);
    } else {
        list_read_name(read, &request->arena);
        answer_prepare(&read->lookup, request);
        cache_get(app->cache, &read->lookup);
    }
}
