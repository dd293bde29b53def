/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/openapi/schema.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#define ID_PATTERN "^[0-9a-fA-F]{24}$"

json_t *schema_string(struct str s)
{
    return json_stringn(s.ptr, s.len);
}

json_t *schema_ref(const char *kind, const char *a, struct str b)
{
    char text[128];

    snprintf(text, sizeof text, "#/components/%s/%s%.*s", kind, a, (int)b.len, b.ptr);
    return json_pack("{s:s}", "$ref", text);
}

/* A whole number without a fraction, as people write it. */
static json_t *number(double value)
{
    return fabs(value) < 1e15 && floor(value) == value ? json_integer((json_int_t)value)
                                                       : json_real(value);
}

/* A maximum that every double keeps to is none. */
static json_t *of_number(double min, double max)
{
    json_t *schema = json_pack("{s:s, s:o}", "type", "number", "minimum", number(min));

    if (max < DBL_MAX)
        json_object_set_new(schema, "maximum", number(max));
    return schema;
}

static json_t *of_string(double min, double max)
{
    json_t *schema = json_pack("{s:s}", "type", "string");

    if (min > 0)
        json_object_set_new(schema, "minLength", number(min));
    json_object_set_new(schema, "maxLength", number(max));
    return schema;
}

/* --- Fields --- */

static bool is_sent(enum schema_use use)
{
    return use == SCHEMA_CREATE || use == SCHEMA_CHANGE;
}

static json_t *of_time(enum schema_use use)
{
    return is_sent(use) ? json_pack("{s:s, s:[{s:s}, {s:s}]}", "type", "string", "anyOf", "format",
                                    "date-time", "format", "date")
                        : json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
}

static json_t *of_type(const struct field *field, enum schema_use use)
{
    switch (field->type) {
    case FIELD_ID: return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9a-f]{24}$");
    case FIELD_STRING:
        /* Some of the server's own have no bounds of their own. */
        return field->max > 0 ? of_string(field->min, field->max)
                              : json_pack("{s:s}", "type", "string");
    case FIELD_NUMBER: return of_number(field->min, field->max);
    case FIELD_INT: return json_pack("{s:s}", "type", "integer");
    case FIELD_BOOL: return json_pack("{s:s}", "type", "boolean");
    case FIELD_TIME: return of_time(use);
    case FIELD_STRINGS:
        return json_pack("{s:s, s:i, s:o}", "type", "array", "maxItems", (int)field->items_max,
                         "items", of_string(field->min, field->max));
    }
    return json_object();
}

static json_t *of_field(const struct field *field, enum schema_use use)
{
    json_t *schema = of_type(field, use);

    if (is_sent(use) && (field->flags & FIELD_REQUIRED) == 0)
        json_object_set_new(
            schema, "type",
            json_pack("[o, s]", json_incref(json_object_get(schema, "type")), "null"));
    if (use == SCHEMA_CREATE && field->type == FIELD_BOOL && field->initial != NULL)
        json_object_set_new(schema, "default",
                            json_boolean(str_eq(str_from(field->initial), STR("true"))));
    if (field->pattern != NULL)
        json_object_set_new(schema, "pattern", json_string(field->pattern));
    if (field->help != NULL)
        json_object_set_new(schema, "description", json_string(field->help));
    return schema;
}

static bool is_part(const struct field *field, enum schema_use use)
{
    return is_sent(use) ? (field->flags & FIELD_SERVER) == 0 : (field->flags & FIELD_HIDDEN) == 0;
}

static bool is_required(const struct field *field, enum schema_use use)
{
    switch (use) {
    case SCHEMA_SHOWN:
        return (field->flags & (FIELD_REQUIRED | FIELD_SERVER)) != 0 || field->initial != NULL;
    case SCHEMA_PART: return field->type == FIELD_ID;
    case SCHEMA_CREATE: return (field->flags & FIELD_REQUIRED) != 0;
    case SCHEMA_CHANGE: return false;
    }
    return false;
}

static json_t *example_of(const struct field *field)
{
    return field->example != NULL ? json_loads(field->example, JSON_DECODE_ANY, NULL) : NULL;
}

json_t *schema_of_fields(const struct field *fields, size_t count, enum schema_use use)
{
    json_t *properties = json_object(), *required = json_array(), *example = json_object();
    json_t *schema = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties,
                               "additionalProperties", 0);

    for (size_t i = 0; i < count; i++) {
        json_t *value = example_of(&fields[i]);
        if (is_part(&fields[i], use)) {
            json_object_setn_new(properties, fields[i].name.ptr, fields[i].name.len,
                                 of_field(&fields[i], use));
            if (is_required(&fields[i], use))
                json_array_append_new(required, schema_string(fields[i].name));
            if (value != NULL)
                json_object_setn(example, fields[i].name.ptr, fields[i].name.len, value);
        }
        json_decref(value);
    }
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    if (json_object_size(example) > 0 && is_sent(use))
        json_object_set_new(schema, "examples", json_pack("[O]", example));
    json_decref(required);
    json_decref(example);
    return schema;
}

/* --- Parameters --- */

static json_t *names(const struct str *choices, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, schema_string(choices[i]));
    return list;
}

static json_t *of_param_type(const struct query_param *param)
{
    switch (param->type) {
    case PARAM_STRING:
    case PARAM_TEXT: return of_string(param->min, param->max);
    case PARAM_BOOL: return json_pack("{s:s}", "type", "boolean");
    case PARAM_NUMBER: return of_number(param->min, param->max);
    case PARAM_UINT:
        return json_pack("{s:s, s:o, s:o}", "type", "integer", "minimum", number(param->min),
                         "maximum", number(param->max));
    case PARAM_CHOICE:
        return json_pack("{s:s, s:o}", "type", "string", "enum",
                         names(param->choices, param->choice_count));
    case PARAM_CHOICES:
        return json_pack("{s:s, s:i, s:{s:s, s:o}}", "type", "array", "minItems", 1, "items",
                         "type", "string", "enum", names(param->choices, param->choice_count));
    case PARAM_IDS:
        return json_pack("{s:s, s:i, s:o, s:{s:s, s:s}}", "type", "array", "minItems", 1,
                         "maxItems", number(param->max), "items", "type", "string", "pattern",
                         ID_PATTERN);
    case PARAM_CURSOR:
        return json_pack("{s:s, s:s, s:o}", "type", "string", "pattern", "^[A-Za-z0-9_-]+$",
                         "maxLength", number(param->max));
    }
    return json_object();
}

static json_t *param_default(const struct query_param *param)
{
    if (param->type == PARAM_CHOICE)
        return schema_string(param->initial);
    return json_loadb(param->initial.ptr, param->initial.len, JSON_DECODE_ANY, NULL);
}

/* That of the field, or of one of its strings. */
static json_t *param_example(const struct query_param *param, const struct field *fields,
                             size_t count)
{
    json_t *value, *one;

    for (size_t i = 0; i < count; i++) {
        if (!str_eq(fields[i].name, param->field) || (value = example_of(&fields[i])) == NULL)
            continue;
        if (!json_is_array(value))
            return value;
        one = json_incref(json_array_get(value, 0));
        json_decref(value);
        return one;
    }
    return NULL;
}

json_t *schema_of_param(const struct query_param *param, const struct field *fields, size_t count)
{
    json_t *schema = of_param_type(param), *example = param_example(param, fields, count);
    json_t *object = json_pack("{s:o, s:s}", "name", schema_string(param->name), "in", "query");

    if (param->initial.len > 0)
        json_object_set_new(schema, "default", param_default(param));
    if (param->help != NULL)
        json_object_set_new(object, "description", json_string(param->help));
    if (param->type == PARAM_CHOICES || param->type == PARAM_IDS) {
        json_object_set_new(object, "style", json_string("form"));
        json_object_set_new(object, "explode", json_false());
    }
    json_object_set_new(object, "schema", schema);
    if (example != NULL)
        json_object_set_new(object, "example", example);
    return object;
}
