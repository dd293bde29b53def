/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/node.h"

#include "base/idiom.h"

/* "type" and "format": what a value is in JSON and in MongoDB. */

static const struct {
    struct str name;
    enum field_type type;
} types[] = {
    {STR_INIT("object"), FIELD_OBJECT}, {STR_INIT("array"), FIELD_ARRAY},
    {STR_INIT("string"), FIELD_STRING}, {STR_INIT("integer"), FIELD_INTEGER},
    {STR_INIT("number"), FIELD_NUMBER}, {STR_INIT("boolean"), FIELD_BOOL},
    {STR_INIT("null"), FIELD_NULL},
};

static const struct {
    struct str name;
    enum field_type type;
    enum string_format format;
} formats[] = {
    {STR_INIT("uri"), FIELD_STRING, FORMAT_URI},
    {STR_INIT("email"), FIELD_STRING, FORMAT_EMAIL},
    {STR_INIT("date"), FIELD_STRING, FORMAT_DATE},
    {STR_INIT("date-time"), FIELD_TIME, FORMAT_NONE},
    {STR_INIT("objectid"), FIELD_OBJECTID, FORMAT_NONE},
    {STR_INIT("uuid"), FIELD_UUID, FORMAT_NONE},
    {STR_INIT("decimal"), FIELD_DECIMAL, FORMAT_NONE},
};

static bool find_type(const json_t *json, enum field_type *type)
{
    struct str name = json_text(json);

    for (size_t i = 0; i < COUNT(types); i++)
        if (json_is_string(json) && str_eq(types[i].name, name)) {
            *type = types[i].type;
            return true;
        }
    return false;
}

/* One, or one and "null". */
static bool take_type(const json_t *json, struct field *field)
{
    enum field_type first, second;

    if (!json_is_array(json))
        return find_type(json, &field->type);
    if (!find_type(json_array_get(json, 0), &first))
        return false;
    field->type = first;
    if (json_array_size(json) == 1)
        return true;
    if (json_array_size(json) != 2 || !find_type(json_array_get(json, 1), &second) ||
        first == second || (first != FIELD_NULL && second != FIELD_NULL))
        return false;
    field->type = first == FIELD_NULL ? second : first;
    field->flags |= FIELD_NULLABLE;
    return true;
}

static bool read_format(struct node *node, const json_t *json)
{
    struct place at = {node->place, STR("format")};
    struct str name;

    if (!take_text(node->reading, &at, json, &name))
        return false;
    if (node->field->type != FIELD_STRING) {
        report(node->reading, &at, "is for strings");
        return false;
    }
    for (size_t i = 0; i < COUNT(formats); i++)
        if (str_eq(formats[i].name, name)) {
            node->field->type = formats[i].type;
            node->field->format = formats[i].format;
            return true;
        }
    report(node->reading, &at,
           "must be uri, email, date, date-time, objectid, uuid or decimal, not \"%.*s\"",
           SHOW(name));
    return false;
}

bool keywords_type(struct node *node)
{
    const json_t *type = json_object_get(node->json, "type");
    const json_t *format = json_object_get(node->json, "format");
    struct place at = {node->place, STR("type")};

    node->field->type = FIELD_CHOICE;
    if (type == NULL) {
        if (json_object_get(node->json, "enum") == NULL &&
            json_object_get(node->json, "const") == NULL) {
            report(node->reading, &at, "is required");
            return false;
        }
    } else if (!take_type(type, node->field)) {
        report(node->reading, &at,
               "must be object, array, string, integer, number, boolean or null, or an array of "
               "one of them and null");
        return false;
    }
    return format == NULL || read_format(node, format);
}
