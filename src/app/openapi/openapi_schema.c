/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/openapi/openapi_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/idiom.h"
#include "schema/format.h"

enum { NAME_SIZE = 160 };

#define OBJECTID_PATTERN "^[0-9a-f]{24}$"
#define DECIMAL_PATTERN  "^-?[0-9]+([.][0-9]+)?$"

json_t *schema_string(struct str s)
{
    return json_stringn(s.len > 0 ? s.ptr : "", s.len);
}

json_t *schema_ref(const char *kind, const char *a, struct str b)
{
    char text[NAME_SIZE];

    snprintf(text, sizeof text, "#/components/%s/%s%.*s", kind, a, (int)b.len, b.ptr);
    return json_pack("{s:s}", "$ref", text);
}

static bool is_sent(enum schema_use use)
{
    return use != SCHEMA_SHOWN && use != SCHEMA_PART;
}

/* --- Ids --- */

json_t *schema_of_id(enum id_type type, bool sent)
{
    switch (type) {
    case ID_OBJECTID:
        return json_pack("{s:s, s:s}", "type", "string", "pattern",
                         sent ? "^[0-9a-fA-F]{24}$" : OBJECTID_PATTERN);
    case ID_STRING:
        return json_pack("{s:s, s:i, s:i, s:s}", "type", "string", "minLength", 1, "maxLength",
                         (int)ID_TEXT_MAX, "pattern", "^[^\\u0000-\\u001f\\u007f]*$");
    case ID_INTEGER: return json_pack("{s:s, s:s}", "type", "integer", "format", "int64");
    case ID_UUID: return json_pack("{s:s, s:s}", "type", "string", "format", "uuid");
    }
    return json_object();
}

json_t *schema_id_example(enum id_type type)
{
    switch (type) {
    case ID_OBJECTID: return json_string("65a0c0ffee0123456789abcd");
    case ID_STRING: return json_string("a-1");
    case ID_INTEGER: return json_integer(1);
    case ID_UUID: return json_string("6f1e4c1e-94a5-4f0c-8d3c-0123456789ab");
    }
    return json_null();
}

json_t *schema_of_sent_time(void)
{
    return json_pack("{s:[{s:s, s:s}, {s:s, s:s}]}", "anyOf", "type", "string", "format",
                     "date-time", "type", "string", "format", "date");
}

static json_t *shown_id(enum id_type type)
{
    json_t *schema = schema_of_id(type, false);

    if (type == ID_OBJECTID)
        json_object_set_new(schema, "description", json_string("24 hex digits"));
    return schema;
}

/* --- One field --- */

static json_t *of_field(const struct field *field, enum schema_use use);

/* Times may be sent as days. */
static json_t *of_time(enum schema_use use)
{
    return is_sent(use) ? schema_of_sent_time()
                        : json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
}

static bool is_kind(const json_t *values, json_type type)
{
    const json_t *value;
    size_t i;

    json_array_foreach(values, i, value) if (json_typeof(value) != type) return false;
    return true;
}

/* Values of one type as an enum of this type, others one by one: few generators know a mixed
 * enum. */
static json_t *of_choices(json_t *values)
{
    json_t *any, *value;
    size_t i;

    if (json_array_size(values) == 0)
        return json_pack("{s:s}", "type", "null");
    if (is_kind(values, JSON_STRING))
        return json_pack("{s:s, s:O}", "type", "string", "enum", values);
    if (is_kind(values, JSON_INTEGER))
        return json_pack("{s:s, s:O}", "type", "integer", "enum", values);
    any = json_array();
    json_array_foreach(values, i, value)
        json_array_append_new(any, json_pack("{s:O}", "const", value));
    return json_pack("{s:o}", "anyOf", any);
}

static json_t *of_objects(const struct field *object, enum schema_use use);

/* Of the objects within. */
static enum schema_use within(enum schema_use use, bool in_array)
{
    return use == SCHEMA_CHANGE || (use == SCHEMA_MERGE && in_array) ? SCHEMA_WHOLE : use;
}

static json_t *of_items(const struct field *field, enum schema_use use)
{
    return json_pack("{s:s, s:o}", "type", "array", "items",
                     field->items != NULL ? of_field(field->items, within(use, true))
                                          : json_object());
}

/* Those that are sent have 64 bits, whatever the file says. */
static json_t *of_integer(enum schema_use use)
{
    json_t *schema = json_pack("{s:s}", "type", "integer");

    if (is_sent(use)) {
        json_object_set_new(schema, "minimum", json_integer(INT64_MIN));
        json_object_set_new(schema, "maximum", json_integer(INT64_MAX));
    }
    return schema;
}

static json_t *of_type(const struct field *field, enum schema_use use)
{
    switch (field->type) {
    case FIELD_OBJECT: return of_objects(field, within(use, false));
    case FIELD_ARRAY: return of_items(field, use);
    case FIELD_STRING: return json_pack("{s:s}", "type", "string");
    case FIELD_DECIMAL:
        return json_pack("{s:s, s:s}", "type", "string", "pattern", DECIMAL_PATTERN);
    case FIELD_TIME: return of_time(use);
    case FIELD_OBJECTID: return schema_of_id(ID_OBJECTID, is_sent(use));
    case FIELD_UUID: return schema_of_id(ID_UUID, is_sent(use));
    case FIELD_INTEGER: return of_integer(use);
    case FIELD_NUMBER: return json_pack("{s:s}", "type", "number");
    case FIELD_BOOL: return json_pack("{s:s}", "type", "boolean");
    case FIELD_NULL: return json_pack("{s:s}", "type", "null");
    case FIELD_CHOICE: return json_object();
    }
    return json_object();
}

/* What the file says and OpenAPI has as well. */
static void copy_keywords(json_t *schema, const struct field *field)
{
    static const char *const keywords[] = {
        "title",    "description", "deprecated",       "minLength",  "maxLength",
        "pattern",  "minimum",     "exclusiveMinimum", "maximum",    "exclusiveMaximum",
        "minItems", "multipleOf",  "maxItems",         "uniqueItems"};

    for (size_t i = 0; i < COUNT(keywords); i++) {
        const json_t *value = json_object_get(field->schema, keywords[i]);
        if (value != NULL)
            json_object_set_new(schema, keywords[i], json_deep_copy((json_t *)(uintptr_t)value));
    }
    if (field->format == FORMAT_URI || field->format == FORMAT_EMAIL ||
        field->format == FORMAT_DATE)
        json_object_set_new(schema, "format",
                            json_deep_copy(json_object_get(field->schema, "format")));
}

/* The same, or null. */
static json_t *or_null(json_t *schema)
{
    json_t *type = json_object_get(schema, "type"), *any = json_object_get(schema, "anyOf");
    json_t *null = json_pack("{s:s}", "type", "null");

    if (json_object_get(schema, "enum") != NULL)
        return json_pack("{s:[o, o]}", "anyOf", schema, null);
    if (type != NULL)
        json_object_set_new(schema, "type", json_pack("[O, s]", type, "null"));
    else
        json_array_append(any, null);
    json_decref(null);
    return schema;
}

/* The default is described in words: as a keyword it makes some generators take the field for one
 * that is always there. */
static void tell_default(json_t *schema, const json_t *initial)
{
    const char *words = json_string_value(json_object_get(schema, "description"));
    char *text = json_dumps(initial, JSON_ENCODE_ANY | JSON_COMPACT);
    json_t *told;

    told = words != NULL ? json_sprintf("%s (default %s)", words, text)
                         : json_sprintf("Default %s", text);
    free(text);
    json_object_set_new(schema, "description", told);
}

/* enum or const, as the file has it, but for null: that is described apart. */
static json_t *choices_of(const struct field *field)
{
    json_t *one = json_object_get(field->schema, "const"), *list = json_array(), *value;
    json_t *all = one != NULL ? NULL : json_object_get(field->schema, "enum");
    size_t i;

    if (one != NULL && !json_is_null(one))
        json_array_append_new(list, json_deep_copy(one));
    json_array_foreach(all, i, value) if (!json_is_null(value))
        json_array_append_new(list, json_deep_copy(value));
    return list;
}

/* Of text that must have something: a part of it shows. */
static void ask_for_shown(json_t *schema, const struct field *field)
{
    json_t *shown = json_pack("{s:s}", "pattern", FORMAT_SHOWS_PATTERN);

    if (field->type != FIELD_STRING || field->min_count == 0 || field->choices != NULL)
        json_decref(shown);
    else if (json_object_get(schema, "pattern") != NULL)
        json_object_set_new(schema, "allOf", json_pack("[o]", shown));
    else
        json_object_update_new(schema, shown);
}

static json_t *of_field(const struct field *field, enum schema_use use)
{
    const json_t *initial = json_object_get(field->schema, "default");
    bool optional = is_sent(use) && (field->flags & FIELD_REQUIRED) == 0 && field->name.len > 0;
    bool is_null = field->type == FIELD_NULL;
    json_t *schema;

    if (field->choices != NULL) {
        json_t *values = choices_of(field);
        is_null = json_array_size(values) == 0;
        schema = of_choices(values);
        json_decref(values);
    } else {
        schema = of_type(field, use);
    }
    if (!is_null && (optional || (field->flags & FIELD_NULLABLE) != 0))
        schema = or_null(schema);
    copy_keywords(schema, field);
    if (is_sent(use))
        ask_for_shown(schema, field);
    if (use == SCHEMA_CREATE && initial != NULL && !json_is_null(initial) &&
        (field->flags & FIELD_DEFAULT_NOW) == 0)
        tell_default(schema, initial);
    return schema;
}

/* --- Objects --- */

static bool is_part(const struct field *field, enum schema_use use)
{
    return !is_sent(use) || (field->flags & (FIELD_SERVER | FIELD_READ_ONLY)) == 0;
}

/* A default is for creation alone: what has one may be taken away. */
static bool is_required(const struct field *field, enum schema_use use)
{
    bool required = (field->flags & FIELD_REQUIRED) != 0;
    bool given = field->initial != NULL || (field->flags & FIELD_DEFAULT_NOW) != 0;

    switch (use) {
    case SCHEMA_SHOWN: return required || (field->flags & FIELD_SERVER) != 0;
    case SCHEMA_CREATE: return required && !given;
    case SCHEMA_WHOLE: return required;
    case SCHEMA_PART:
    case SCHEMA_CHANGE:
    case SCHEMA_MERGE: return false;
    }
    return false;
}

static bool has_required(const struct field *object)
{
    for (size_t i = 0; i < object->field_count; i++) {
        const struct field *field = &object->fields[i];
        if ((field->flags & FIELD_REQUIRED) != 0 ||
            (field->type == FIELD_OBJECT && has_required(field)))
            return true;
    }
    return false;
}

bool schema_merges(const struct resource *resource)
{
    const struct field *document = resource->document;

    for (size_t i = 0; i < document->field_count; i++)
        if (document->fields[i].type == FIELD_OBJECT && has_required(&document->fields[i]))
            return true;
    return false;
}

/* Adds the fields to an object's schema. */
static void add_fields(json_t *schema, const struct field *object, enum schema_use use)
{
    json_t *properties = json_object_get(schema, "properties");
    json_t *required = json_object_get(schema, "required");

    for (size_t i = 0; i < object->field_count; i++) {
        const struct field *field = &object->fields[i];
        if (!is_part(field, use))
            continue;
        json_object_setn_new(properties, field->name.ptr, field->name.len, of_field(field, use));
        if (is_required(field, use))
            json_array_append_new(required, schema_string(field->name));
    }
}

static json_t *new_object(bool open)
{
    return json_pack("{s:s, s:{}, s:b, s:[]}", "type", "object", "properties",
                     "additionalProperties", (int)open, "required");
}

static void drop_empty(json_t *schema, const char *key)
{
    if (json_array_size(json_object_get(schema, key)) == 0)
        json_object_del(schema, key);
}

static json_t *of_objects(const struct field *object, enum schema_use use)
{
    json_t *schema = new_object((object->flags & FIELD_OPEN) != 0);

    add_fields(schema, object, use);
    drop_empty(schema, "required");
    return schema;
}

/* --- Examples --- */

static json_t *example_of_object(const struct field *object)
{
    json_t *example = json_object();

    for (size_t i = 0; i < object->field_count; i++) {
        const struct field *field = &object->fields[i];
        json_t *value = is_part(field, SCHEMA_CREATE) ? schema_example(field) : NULL;
        if (value != NULL)
            json_object_setn_new(example, field->name.ptr, field->name.len, value);
        else if (is_required(field, SCHEMA_CREATE)) {
            json_decref(example);
            return NULL;
        }
    }
    return example;
}

json_t *schema_example(const struct field *field)
{
    const json_t *examples = json_object_get(field->schema, "examples");
    json_t *one;

    if (json_array_size(examples) > 0)
        return json_deep_copy(json_array_get(examples, 0));
    if (field->choices != NULL) {
        json_t *values = choices_of(field);
        one = json_deep_copy(json_array_get(values, 0));
        json_decref(values);
        return one;
    }
    if (field->type == FIELD_OBJECT && (field->flags & FIELD_READ_ONLY) == 0) {
        one = example_of_object(field);
    } else if (field->type == FIELD_ARRAY && field->items != NULL && field->min_count < 2) {
        one = schema_example(field->items);
        return one != NULL ? json_pack("[o]", one) : NULL;
    } else {
        return NULL;
    }
    if (json_object_size(one) > 0)
        return one;
    json_decref(one);
    return NULL;
}

/* --- A document --- */

json_t *schema_of_document(const struct resource *resource, enum schema_use use)
{
    json_t *schema = new_object((resource->document->flags & FIELD_OPEN) != 0);
    json_t *properties = json_object_get(schema, "properties"), *example;

    if (!is_sent(use)) {
        json_object_set_new(properties, "_id", shown_id(resource->id));
        json_array_append_new(json_object_get(schema, "required"), json_string("_id"));
    } else if (use == SCHEMA_CREATE && (resource->id == ID_STRING || resource->id == ID_INTEGER)) {
        json_object_set_new(properties, "_id", schema_of_id(resource->id, true));
    }
    add_fields(schema, resource->document, use);
    drop_empty(schema, "required");
    example = is_sent(use) ? example_of_object(resource->document) : NULL;
    if (json_object_size(example) > 0)
        json_object_set_new(schema, "examples", json_pack("[O]", example));
    json_decref(example);
    return schema;
}
