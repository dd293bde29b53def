/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/schema.h"

/* resources/resource.schema.json, made into numbers by the Makefile. */
static const unsigned char text[] = {
#include "schema/resource_schema.inc"
};

struct str schema_of_files(void)
{
    return str_make((const char *)text, sizeof text);
}
