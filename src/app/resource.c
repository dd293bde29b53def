/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/resource.h"

size_t resource_field(const struct resource *resource, struct str name)
{
    size_t i = 0;

    while (i < resource->field_count && !str_eq(resource->fields[i].name, name))
        i++;
    return i;
}
