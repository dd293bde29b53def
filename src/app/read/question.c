/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/question.h"

#include "app/read/list.h"
#include "app/read/project.h"

static const enum op operators[] = {
    [PARAM_EQ] = OP_EQ,      [PARAM_NE] = OP_NE,         [PARAM_IN] = OP_IN,
    [PARAM_GT] = OP_GT,      [PARAM_GTE] = OP_GTE,       [PARAM_LT] = OP_LT,
    [PARAM_LTE] = OP_LTE,    [PARAM_PREFIX] = OP_PREFIX, [PARAM_EXISTS] = OP_EXISTS,
    [PARAM_MATCH] = OP_TEXT,
};

size_t question_conditions(const struct plan *plan, const struct query *query,
                           const struct value *owner,
                           struct condition conditions[static QUERY_PARAMS_MAX + 1])
{
    size_t count = 0;

    if (owner->type != VALUE_NONE)
        conditions[count++] = (struct condition){plan->resource->kept.owner, OP_SAME, *owner};
    for (size_t i = 0; i < query->count; i++) {
        const struct query_param *param = &query->params[i];
        if (query->values[i].given && param_is_filter(param->op))
            conditions[count++] =
                (struct condition){param->field, operators[param->op], query->values[i].value};
    }
    return count;
}

size_t question_sort(struct str text, struct sort_key sort[static 2])
{
    int direction = text.ptr[0] == '-' ? -1 : 1;

    sort[0] = (struct sort_key){str_from_offset(text, direction < 0), direction};
    sort[1] = (struct sort_key){STR("_id"), direction};
    return str_eq(sort[0].field, sort[1].field) ? 1 : 2;
}

void question_init(struct question *question, const struct plan *plan, const struct query *query,
                   const struct value *owner, struct arena *arena)
{
    uint64_t limit = (uint64_t)query->values[plan->at[PARAM_LIMIT]].value.integer;
    uint64_t page = (uint64_t)query->values[plan->at[PARAM_PAGE]].value.integer;
    const struct query_value *after = &query->values[plan->at[PARAM_AFTER]];
    struct find *find = &question->find;

    question->shape = project_shape(plan, query, arena);
    *find = (struct find){.collection = plan->resource->collection,
                          .conditions = question->conditions,
                          .condition_count =
                              question_conditions(plan, query, owner, question->conditions),
                          .sort = question->sort,
                          .skip = (uint32_t)((page - 1) * limit),
                          .limit = (uint32_t)limit,
                          .shape = &question->shape,
                          .look_ahead = true};
    find->sort_count = question_sort(query->values[plan->at[PARAM_SORT]].text, question->sort);
    if (after->given && list_after(plan, query, arena, &question->after) == ERR_OK)
        find->after = &question->after;
}
