/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_OPENAPI_SCHEMA_H
#define LARDER_APP_OPENAPI_OPENAPI_SCHEMA_H

#include <jansson.h>

#include "schema/resource.h"

/* JSON Schemas (draft 2020-12, as OpenAPI 3.1 has them) of what resources describe.  Every value
 * returned is a new reference, the caller's, and shares nothing with the resources. */

enum schema_use {
    SCHEMA_SHOWN,  /* a document as it is answered */
    SCHEMA_PART,   /* some of its fields: always the id */
    SCHEMA_CREATE, /* what a client sends to make one */
    SCHEMA_CHANGE, /* what a client sends to change one: null takes an optional field away */
    SCHEMA_MERGE,  /* the same, where objects within are changed as well and not replaced */
    SCHEMA_WHOLE   /* an object within that is replaced */
};

json_t *schema_string(struct str s);
/* {"$ref":"#/components/<kind>/<a><b>"} */
json_t *schema_ref(const char *kind, const char *a, struct str b);
/* Whether a change that is merged may look like no other one: an object within has fields that it
 * must have. */
bool schema_merges(const struct resource *resource);
/* A whole document, with an example when its fields have enough of them. */
json_t *schema_of_document(const struct resource *resource, enum schema_use use);
/* An id of this type: as it is answered, or as clients may write it. */
json_t *schema_of_id(enum id_type type, bool sent);
/* A time, or a day, as clients may write it. */
json_t *schema_of_sent_time(void);
/* An id of this type to show: a new reference. */
json_t *schema_id_example(enum id_type type);
/* A good value of the field, as its examples or choices have it; NULL: none is known. */
json_t *schema_example(const struct field *field);

/* A Parameter Object (OpenAPI 3.1.1 section 4.8.12). */
json_t *schema_of_param(const struct resource *resource, const struct query_param *param);

#endif
