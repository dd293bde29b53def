/* SPDX-License-Identifier: BSD-2-Clause */
#include <float.h>

#include "app/openapi/openapi_schema.h"
#include "base/idiom.h"

/* --- The schema of one value --- */

static json_t *number(double value)
{
    bool whole = value >= -9e15 && value <= 9e15 && (double)(int64_t)value == value;

    return whole ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *of_number(double min, double max)
{
    json_t *schema = json_pack("{s:s}", "type", "number");

    if (min > -DBL_MAX)
        json_object_set_new(schema, "minimum", number(min));
    if (max < DBL_MAX)
        json_object_set_new(schema, "maximum", number(max));
    return schema;
}

static json_t *of_integer(const struct query_param *param)
{
    return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)param->low,
                     "maximum", (json_int_t)param->high);
}

static json_t *of_string(double min, double max)
{
    json_t *schema = json_pack("{s:s}", "type", "string");

    if (min > 0)
        json_object_set_new(schema, "minLength", number(min));
    json_object_set_new(schema, "maxLength", number(max));
    return schema;
}

static json_t *names(const struct query_param *param)
{
    json_t *list = json_array();

    for (size_t i = 0; i < param->choice_count; i++)
        json_array_append_new(list, schema_string(param->choices[i]));
    return list;
}

static json_t *of_value(const struct query_param *param)
{
    switch (param->type) {
    case PARAM_STRING:
    case PARAM_TEXT:
    case PARAM_PARTS: return of_string(param->min, param->max);
    case PARAM_BOOL: return json_pack("{s:s}", "type", "boolean");
    case PARAM_NUMBER: return of_number(param->min, param->max);
    case PARAM_INTEGER: return of_integer(param);
    case PARAM_DECIMAL:
        return json_pack("{s:s, s:s}", "type", "string", "pattern", "^-?[0-9]+([.][0-9]+)?$");
    case PARAM_TIME: return schema_of_sent_time();
    case PARAM_DAY: return json_pack("{s:s, s:s}", "type", "string", "format", "date");
    case PARAM_OBJECTID: return schema_of_id(ID_OBJECTID, true);
    case PARAM_UUID: return schema_of_id(ID_UUID, true);
    case PARAM_SOME:
        if (param->choice_count == 0) /* there is nothing to choose, and no schema for that */
            return json_pack("{s:s}", "type", "string");
        return json_pack("{s:s, s:o}", "type", "string", "enum", names(param));
    case PARAM_CHOICE:
    case PARAM_NAMES: return json_pack("{s:s, s:o}", "type", "string", "enum", names(param));
    case PARAM_ID_LIST: return schema_of_id(param->id, true);
    case PARAM_CURSOR:
        return json_pack("{s:s, s:s, s:o}", "type", "string", "pattern", "^[A-Za-z0-9_-]+$",
                         "maxLength", number(param->max));
    }
    return json_object();
}

/* Several values: with commas between, or by repeating the parameter. */
static json_t *of_values(const struct query_param *param)
{
    json_t *schema =
        json_pack("{s:s, s:i, s:o}", "type", "array", "minItems", 1, "items", of_value(param));

    if (param->type == PARAM_SOME)
        json_object_set_new(schema, "uniqueItems", json_true());
    if (param->type != PARAM_NAMES)
        json_object_set_new(
            schema, "maxItems",
            json_integer(param->op == PARAM_IN ? QUERY_IN_MAX : (json_int_t)param->max));
    return schema;
}

/* --- Words --- */

static const char *const help[PARAM_OPS] = {
    [PARAM_NE] = "Not this one; also where there is none",
    [PARAM_IN] = "One of these",
    [PARAM_PREFIX] = "That begins so",
    [PARAM_EXISTS] = "Whether it is there",
};

static json_t *initial_of(const struct query_param *param)
{
    if (param->type == PARAM_CHOICE)
        return schema_string(param->initial);
    return json_loadb(param->initial.ptr, param->initial.len, JSON_DECODE_ANY, NULL);
}

/* That of the field that it filters by, or of one of its items. */
static json_t *example_of(const struct resource *resource, const struct query_param *param)
{
    const struct field *field =
        param->field.len > 0 ? field_at(resource->document, param->field) : NULL;
    json_t *example, *one;

    if (field == NULL || param->op == PARAM_EXISTS || param->op == PARAM_PREFIX ||
        param->type == PARAM_CHOICE)
        return NULL;
    example = schema_example(field);
    if (!json_is_array(example))
        return example;
    one = json_incref(json_array_get(example, 0));
    json_decref(example);
    return one;
}

json_t *schema_of_param(const struct resource *resource, const struct query_param *param)
{
    bool several = param->type == PARAM_NAMES || param->type == PARAM_SOME ||
                   param->type == PARAM_ID_LIST || param->op == PARAM_IN;
    json_t *schema = several ? of_values(param) : of_value(param);
    json_t *example = example_of(resource, param);
    json_t *object = json_pack("{s:o, s:s}", "name", schema_string(param->name), "in", "query");

    if (param->initial.len > 0)
        json_object_set_new(schema, "default", initial_of(param));
    if (param->help.len > 0)
        json_object_set_new(object, "description", schema_string(param->help));
    else if (help[param->op] != NULL)
        json_object_set_new(object, "description", json_string(help[param->op]));
    if (several) {
        json_object_set_new(object, "style", json_string("form"));
        json_object_set_new(object, "explode", json_false());
    }
    if (param->op == PARAM_BY || param->type == PARAM_PARTS)
        json_object_set_new(object, "required", json_true());
    json_object_set_new(object, "schema", schema);
    if (example != NULL)
        json_object_set_new(object, "example", several ? json_pack("[o]", example) : example);
    return object;
}
