/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/field.h"

const struct field *field_property(const struct field *object, struct str name)
{
    for (size_t i = 0; i < object->field_count; i++)
        if (str_eq(object->fields[i].name, name))
            return &object->fields[i];
    return NULL;
}

const struct field *field_scalar(const struct field *field)
{
    while (field->type == FIELD_ARRAY && field->items != NULL)
        field = field->items;
    return field;
}

const struct field *field_at(const struct field *document, struct str path)
{
    const struct field *at = document;
    struct str name;

    while (at != NULL && str_split(&path, '.', &name)) {
        at = field_scalar(at);
        at = at->type == FIELD_OBJECT ? field_property(at, name) : NULL;
    }
    return at;
}
