/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/project.h"

#include "app/read/json_text.h"

/* --- The shape --- */

struct choice {
    const struct query_param *param;
    const struct query_chosen *chosen;
    struct arena *arena;
};

/* Whether the field itself is chosen, or something inside of it. */
static bool is_chosen(const struct choice *choice, struct str path, bool *inside)
{
    *inside = false;
    for (size_t i = 0; i < choice->param->choice_count; i++) {
        struct str name = choice->param->choices[i];
        if (!query_has_chosen(choice->chosen, i) || !str_starts(name, path))
            continue;
        if (name.len == path.len)
            return true;
        *inside = *inside || name.ptr[path.len] == '.';
    }
    return false;
}

static const struct field *object_of(const struct field *field)
{
    while (field != NULL && field->type == FIELD_ARRAY)
        field = field->items;
    return field;
}

/* whole: the shape of all of the object, whose fields begin at first. */
static struct shape choose(const struct choice *choice, const struct field *object,
                           const struct shape *whole, size_t first)
{
    struct shape_field *fields =
        arena_alloc(choice->arena, (first + object->field_count) * sizeof *fields);
    size_t count = first;

    memcpy(fields, whole->fields, first * sizeof *fields);
    for (size_t i = 0; i < object->field_count; i++) {
        const struct field *field = &object->fields[i];
        struct shape_field shown = whole->fields[first + i];
        bool inside;
        if (is_chosen(choice, field->path, &inside)) {
            fields[count++] = shown;
        } else if (inside && shown.inner != NULL) {
            struct shape *inner = arena_alloc(choice->arena, sizeof *inner);
            *inner = choose(choice, object_of(field), shown.inner, 0);
            shown.inner = inner;
            fields[count++] = shown;
        }
    }
    return (struct shape){.fields = fields, .count = count};
}

struct shape project_shape(const struct plan *plan, const struct query *query, struct arena *arena)
{
    const struct query_value *fields = query_value_of(query, PARAM_FIELDS);
    struct choice choice = {.arena = arena};

    if (fields == NULL || !fields->given)
        return plan->shape;
    choice.param = &query->params[fields - query->values];
    choice.chosen = fields->chosen;
    return choose(&choice, plan->resource->document, &plan->shape, 1);
}

/* --- JSON --- */

/* Takes the value at the head of *rest and the comma behind it. */
static struct str take_value(struct str *rest)
{
    struct str value = str_make(rest->ptr, json_value_length(*rest));

    *rest = str_from_offset(*rest, value.len);
    if (rest->len > 0 && rest->ptr[0] == ',')
        *rest = str_from_offset(*rest, 1);
    return value;
}

/* A name with an escape is none of a schema's. */
static const struct shape_field *take_name(struct str *rest, const struct shape *shape,
                                           struct str *name)
{
    size_t i;

    *name = str_from_offset(*rest, 1);
    name->len = str_find(*name, '"');
    i = shape_find(shape, *name);
    *rest = str_from_offset(*rest, name->len + sizeof "\"\":" - 1);
    return i < shape->count && !shape->fields[i].hidden ? &shape->fields[i] : NULL;
}

static bool is_end(struct str rest)
{
    return rest.len == 0 || rest.ptr[0] == '}' || rest.ptr[0] == ']';
}

static void project_value(struct str value, const struct shape *shape, struct buf *out);

static void project_array(struct str json, const struct shape *shape, struct buf *out)
{
    struct str rest = str_from_offset(json, 1);

    buf_char(out, '[');
    for (bool first = true; !is_end(rest); first = false) {
        if (!first)
            buf_char(out, ',');
        project_value(take_value(&rest), shape, out);
    }
    buf_char(out, ']');
}

static void project_value(struct str value, const struct shape *shape, struct buf *out)
{
    if (shape != NULL && value.ptr[0] == '{')
        project_json(value, shape, out);
    else if (shape != NULL && value.ptr[0] == '[')
        project_array(value, shape, out);
    else
        buf_str(out, value);
}

void project_json(struct str json, const struct shape *shape, struct buf *out)
{
    struct str rest = str_from_offset(json, 1), name, value;
    bool first = true;

    buf_char(out, '{');
    while (!is_end(rest)) {
        const struct shape_field *field = take_name(&rest, shape, &name);
        value = take_value(&rest);
        if (field == NULL)
            continue;
        if (!first)
            buf_char(out, ',');
        first = false;
        buf_char(out, '"');
        buf_str(out, name);
        buf_literal(out, "\":");
        project_value(value, field->inner, out);
    }
    buf_char(out, '}');
}
