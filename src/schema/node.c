/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/node.h"

#include "base/idiom.h"

void node_read(struct reading *reading, const struct place *place, const json_t *json,
               unsigned level, struct field *field)
{
    const struct open_node *before = reading->open;
    struct open_node self = {json, before};
    struct node node = {.reading = reading, .place = place, .field = field, .level = level};

    field->schema = json;
    if (!json_is_object(json)) {
        report(reading, place, "must be an object: a schema");
        return;
    }
    reading->open = &self;
    node.json = ref_resolve(reading, json, &node.place);
    if (node.json != NULL) {
        field->schema = node.json;
        if (keywords_type(&node))
            keywords_read(&node);
    }
    reading->open = before;
}

/* What nothing refers to is checked as well. */
static void read_definitions(struct reading *reading, const struct place *place,
                             json_t *definitions)
{
    struct place at = {place, STR("$defs")};
    const char *name;
    json_t *json;

    if (definitions == NULL || !take_object(reading, &at, definitions))
        return;
    json_object_foreach(definitions, name, json)
    {
        struct place one = {&at, str_from(name)};
        struct field unused = {.name = one.key};
        size_t counted = reading->field_count;
        node_read(reading, &one, json, 2, &unused);
        reading->field_count = counted;
    }
}

/* What a field may have and the document may not. */
static void refuse_at_top(struct reading *reading, const struct place *place, const json_t *json)
{
    static const char *const keys[] = {"default", "readOnly", "enum", "const"};

    for (size_t i = 0; i < COUNT(keys); i++)
        if (json_object_get(json, keys[i]) != NULL)
            report_key(reading, place, str_from(keys[i]), "is for fields, not for the document");
}

/* By its own word; what a reference leads to is seen when it is read. */
static bool is_of_object(struct reading *reading, const struct place *place, const json_t *json)
{
    const json_t *type = json_object_get(json, "type");

    if (!json_is_object(json))
        report(reading, place, "must be an object: a schema");
    else if (json_object_get(json, "$ref") != NULL || str_eq(json_text(type), STR("object")))
        return true;
    else
        report_key(reading, place, STR("type"),
                   type != NULL ? "must be \"object\"" : "is required");
    return false;
}

const struct field *node_document(struct reading *reading, const struct place *place,
                                  const json_t *json)
{
    struct field *document = arena_zalloc(reading->arena, sizeof *document);

    if (!is_of_object(reading, place, json))
        return NULL;
    reading->root = json;
    reading->root_place = place;
    reading->open = NULL;
    reading->field_count = 0;
    node_read(reading, place, json, 1, document);
    read_definitions(reading, place, json_object_get(json, "$defs"));
    refuse_at_top(reading, place, json);
    if (document->type == FIELD_OBJECT && (document->flags & FIELD_NULLABLE) == 0)
        return document;
    report_key(reading, place, STR("$ref"), "must lead to an object");
    return NULL;
}
