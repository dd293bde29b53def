/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/node.h"

#include "schema/check.h"

/* Values that a schema names: those that are possible, and the default. */

/* Of the field's own type; an error is reported at the place. */
static bool read_value(struct node *node, const json_t *json, const struct place *place,
                       struct value *value)
{
    struct reading *reading = node->reading;
    struct problem problem;
    struct check check = {.arena = reading->arena, .problem = &problem};
    bool free_type = node->field->type == FIELD_CHOICE && node->field->choices == NULL;

    problem_init(&problem, reading->arena);
    if ((free_type ? check_anything(&check, STR(""), json, value)
                   : check_value(&check, node->field, STR(""), json, value)) == ERR_OK)
        return true;
    for (size_t i = 0; i < problem.count; i++)
        if (problem.errors[i].field.len > 0)
            report(reading, place, "%.*s: %.*s", SHOW(problem.errors[i].field),
                   SHOW(problem.errors[i].message));
        else
            report(reading, place, "%.*s", SHOW(problem.errors[i].message));
    return false;
}

/* null is one of them, or no value of the field. */
static void settle(struct field *field)
{
    bool has_null = false;

    for (size_t i = 0; i < field->choice_count; i++)
        has_null = has_null || field->choices[i].type == VALUE_NULL;
    field->flags =
        has_null ? field->flags | FIELD_NULLABLE : field->flags & ~(unsigned)FIELD_NULLABLE;
}

void choices_enum(struct node *node, const json_t *json, const struct place *place)
{
    struct reading *reading = node->reading;
    size_t count = json_array_size(json), taken = 0;
    struct value *values;

    if (!json_is_array(json) || count == 0) {
        report(reading, place, "must be an array of one value or more");
        return;
    }
    values = arena_alloc(reading->arena, count * sizeof *values);
    for (size_t i = 0; i < count; i++) {
        struct place at = place_item(reading, place, i);
        const json_t *item = json_array_get(json, i);
        size_t same = 0;
        while (same < i && !json_equal(json_array_get(json, same), item))
            same++;
        if (same < i)
            report(reading, &at, "is there already");
        else
            taken += read_value(node, item, &at, &values[taken]);
    }
    node->field->choices = values;
    node->field->choice_count = taken;
    settle(node->field);
}

void choices_const(struct node *node, const json_t *json, const struct place *place)
{
    struct value *value = arena_alloc(node->reading->arena, sizeof *value);

    if (!read_value(node, json, place, value))
        return;
    node->field->choices = value;
    node->field->choice_count = 1;
    settle(node->field);
}

void choices_default(struct node *node, const json_t *json, const struct place *place)
{
    struct value *value;

    if (node->field->type == FIELD_TIME && str_eq(json_text(json), STR("now"))) {
        node->field->flags |= FIELD_DEFAULT_NOW;
        return;
    }
    value = arena_alloc(node->reading->arena, sizeof *value);
    if (read_value(node, json, place, value))
        node->field->initial = value;
}
