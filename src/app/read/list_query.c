/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/list.h"

bool list_has_ids(const struct list_read *read)
{
    size_t i = read->plan->at[PARAM_IDS];

    return i < read->query.count && read->query.values[i].given;
}

/* A named list's entry is that of the same list by its ordinary path. */
static void set_fixed(struct list_read *read, const struct named_list *list, struct arena *arena,
                      struct problem *problem)
{
    for (size_t i = 0; i < list->param_count; i++) {
        const struct list_param *fixed = &list->params[i];
        struct str name = read->query.params[fixed->param].name;
        if (query_set(&read->query, fixed->param, fixed->text, arena, problem) == ERR_EXISTS)
            problem_addf(problem, name, "is always %.*s here", (int)fixed->text.len,
                         fixed->text.ptr);
    }
}

static void check_reach(const struct list_read *read, struct problem *problem)
{
    if (list_number(read, PARAM_PAGE) * list_number(read, PARAM_LIMIT) > PAGE_REACH)
        problem_add(problem, STR("page"),
                    STR("reaches no further than page × limit = 10000: walk on with after, "
                        "which takes the next of the page before"));
}

static void check_ids(const struct list_read *read, struct problem *problem)
{
    for (size_t i = 0; i < read->query.count; i++)
        if (read->query.values[i].given && i != read->plan->at[PARAM_IDS] &&
            i != read->plan->at[PARAM_FIELDS])
            problem_add(problem, read->query.params[i].name, STR("cannot be combined with ids"));
}

enum err list_parse(struct list_read *read, struct str text, const struct named_list *list,
                    struct arena *arena, struct problem *problem)
{
    const struct resource *resource = read->plan->resource;

    if (query_parse(&read->query, resource->params, resource->param_count, text, arena, problem) !=
        ERR_OK)
        return ERR_INVALID;
    if (list != NULL)
        set_fixed(read, list, arena, problem);
    return ERR_OK;
}

void list_check(const struct list_read *read, struct problem *problem)
{
    if (list_has_ids(read))
        check_ids(read, problem);
    else
        check_reach(read, problem);
}

struct str list_name(const struct list_read *read, struct arena *arena)
{
    return plan_list_name(read->plan, query_text(&read->query, read->plan->all, arena), arena);
}
