/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/question.h"

#include "app/read/list.h"

static const enum op operators[] = {
    [PARAM_EQ] = OP_EQ, [PARAM_MIN] = OP_GTE, [PARAM_MAX] = OP_LTE, [PARAM_MATCH] = OP_TEXT};

static struct value filter_value(const struct query_param *param, const struct query_value *value)
{
    if (param->type == PARAM_BOOL)
        return value_bool(value->boolean);
    if (param->type == PARAM_NUMBER)
        return value_double(value->number);
    return value_string(value->text);
}

static size_t make_conditions(const struct query *query, struct condition *conditions)
{
    size_t count = 0;

    for (size_t i = 0; i < query->count; i++) {
        const struct query_param *param = &query->params[i];
        if (query->values[i].given && param_is_filter(param->op))
            conditions[count++] = (struct condition){param->field, operators[param->op],
                                                     filter_value(param, &query->values[i])};
    }
    return count;
}

static bool is_chosen(const struct query *query, size_t show, struct str name)
{
    for (size_t i = 0; i < query->params[show].choice_count; i++)
        if (str_eq(query->params[show].choices[i], name))
            return (query->values[show].choices >> i & 1) != 0;
    return false;
}

/* Only the fields asked for, and _id. */
static struct shape make_shape(const struct plan *plan, const struct query *query,
                               struct arena *arena)
{
    size_t show = plan->at[PARAM_SHOW], count = 0;
    struct shape_field *fields;

    if (show == query->count || !query->values[show].given)
        return plan->shape;
    fields = arena_zalloc(arena, plan->shape.count * sizeof *fields);
    for (size_t i = 0; i < plan->shape.count; i++)
        if (i == 0 || is_chosen(query, show, plan->shape_fields[i].name))
            fields[count++] = (struct shape_field){.name = plan->shape_fields[i].name};
    return (struct shape){.fields = fields, .count = count};
}

static void make_sort(struct str text, struct sort_key sort[static 2])
{
    int direction = text.ptr[0] == '-' ? -1 : 1;

    sort[0] = (struct sort_key){str_from_offset(text, direction < 0), direction};
    sort[1] = (struct sort_key){STR("_id"), direction};
}

void question_init(struct question *question, const struct plan *plan, const struct query *query,
                   struct arena *arena)
{
    uint64_t limit = query->values[plan->at[PARAM_LIMIT]].integer;
    uint64_t page = query->values[plan->at[PARAM_PAGE]].integer;
    const struct query_value *after = &query->values[plan->at[PARAM_AFTER]];
    struct find *find = &question->find;

    question->shape = make_shape(plan, query, arena);
    make_sort(query->values[plan->at[PARAM_SORT]].text, question->sort);
    *find = (struct find){.collection = plan->resource->name,
                          .conditions = question->conditions,
                          .condition_count = make_conditions(query, question->conditions),
                          .sort = question->sort,
                          .sort_count = 2,
                          .skip = (uint32_t)((page - 1) * limit),
                          .limit = (uint32_t)limit,
                          .shape = &question->shape,
                          .look_ahead = true};
    if (after->given && list_after(plan, query, arena, &question->after) == ERR_OK)
        find->after = &question->after;
}
