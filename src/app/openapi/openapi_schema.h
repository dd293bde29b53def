/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_OPENAPI_SCHEMA_H
#define LARDER_APP_OPENAPI_OPENAPI_SCHEMA_H

#include <jansson.h>

#include "schema/resource.h"

/* JSON Schemas (draft 2020-12, as OpenAPI 3.1 has them) of resources. Every returned value is a new
 * reference, owned by the caller, and shares nothing with the resources. */

enum schema_use {
    SCHEMA_SHOWN,  /* a document in answers */
    SCHEMA_PART,   /* some of its fields, always including the id */
    SCHEMA_CREATE, /* a client's new document */
    SCHEMA_CHANGE, /* a client's change: null removes an optional field */
    SCHEMA_MERGE,  /* the same, with nested objects merged instead of replaced */
    SCHEMA_WHOLE   /* a nested object that is replaced */
};

json_t *schema_string(struct str s);
/* {"$ref":"#/components/<kind>/<a><b>"} */
json_t *schema_ref(const char *kind, const char *a, struct str b);
/* Whether a merged change has a schema of its own, because a nested object has required fields. */
bool schema_merges(const struct resource *resource);
/* The schema of a whole document, with an example if its fields have enough of them. */
json_t *schema_of_document(const struct resource *resource, enum schema_use use);
/* The schema of an id: as in answers, or as clients may send it. */
json_t *schema_of_id(enum id_type type, bool sent);
/* The schema of a time or a day, as clients may send it. */
json_t *schema_of_sent_time(void);
/* An example id of this type. */
json_t *schema_id_example(enum id_type type);
/* An example value of the field, from its examples or choices; NULL: none. */
json_t *schema_example(const struct field *field);

/* A Parameter Object (OpenAPI 3.1.1 section 4.8.12). */
json_t *schema_of_param(const struct resource *resource, const struct query_param *param);

#endif
