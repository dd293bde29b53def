/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/selection.h"

#include "app/read/project.h"
#include "app/read/question.h"

enum err selection_parse(struct query *query, const struct resource *resource, struct str text,
                         struct arena *arena, struct problem *problem)
{
    const struct param_table *table = &resource->export;

    if (query_parse(query, table->params, table->count, text, arena, problem) != ERR_OK)
        return ERR_INVALID;
    if (query_value_of(query, PARAM_SAFE)->given && !query_value_of(query, PARAM_FORMAT)->given)
        problem_add(problem, STR("safe"), STR("is for format=csv"));
    return problem->count == 0 ? ERR_OK : ERR_INVALID;
}

void selection_init(struct selection *selection, const struct plan *plan, const struct query *query,
                    const struct value *owner, struct arena *arena)
{
    selection->shape = project_shape(plan, query, arena);
    selection->find = (struct find){
        .collection = plan->resource->collection,
        .conditions = selection->conditions,
        .condition_count = question_conditions(plan, query, owner, selection->conditions),
        .sort = selection->sort,
        .sort_count = question_sort(query_value_of(query, PARAM_SORT)->text, selection->sort),
        .shape = &selection->shape};
    rows_init(&selection->rows, plan, query, arena);
}

enum err selection_count(struct mongo_db *db, const struct selection *selection, int64_t *total)
{
    const struct find *find = &selection->find;

    return collection_count(db, find->collection, find->conditions, find->condition_count, 0,
                            total);
}
