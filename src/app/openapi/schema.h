/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_SCHEMA_H
#define LARDER_APP_OPENAPI_SCHEMA_H

#include <jansson.h>

#include "app/resource.h"

/* JSON Schemas (draft 2020-12, as OpenAPI 3.1 has them) of the tables that validate.  Every value
 * returned is a new reference, the caller's. */

enum schema_use {
    SCHEMA_SHOWN,  /* a document as it is answered */
    SCHEMA_PART,   /* some of its fields: always the id */
    SCHEMA_CREATE, /* what a client sends to make one */
    SCHEMA_CHANGE  /* what a client sends to change one: null takes an optional field away */
};

json_t *schema_string(struct str s);
/* {"$ref":"#/components/<kind>/<a><b>"} */
json_t *schema_ref(const char *kind, const char *a, struct str b);
/* An object of these fields, with an example when they have any. */
json_t *schema_of_fields(const struct field *fields, size_t count, enum schema_use use);
/* A Parameter Object (OpenAPI 3.1.1 section 4.8.12).  fields are those that it may filter by: its
 * example is theirs. */
json_t *schema_of_param(const struct query_param *param, const struct field *fields, size_t count);

#endif
