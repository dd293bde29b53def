/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_RESOURCE_H
#define LARDER_APP_RESOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "cache/cache.h"
#include "http/query.h"

/* A resource is tables: fields, parameters, indexes, times.  Validation, queries, the writer of
 * JSON, the indexes and the description of the API are all made from the same ones. */

enum field_type {
    FIELD_ID,
    FIELD_STRING,
    FIELD_NUMBER,
    FIELD_INT,
    FIELD_BOOL,
    FIELD_TIME,
    FIELD_STRINGS
};

enum field_flags {
    FIELD_REQUIRED = 1, /* on creation, and never removed */
    FIELD_SERVER = 2,   /* set by the server: not accepted from clients */
    FIELD_HIDDEN = 4    /* never shown */
};

struct field {
    struct str name;
    enum field_type type;
    unsigned flags;
    double min, max;     /* of a number; of a string or of each of STRINGS: characters */
    unsigned items_max;  /* of STRINGS */
    const char *initial; /* value on creation where none is given: "true", "false", "now", NULL */
    /* For the API's description only. */
    const char *help;
    const char *example; /* a good value, as JSON */
    const char *pattern; /* that strings match (ECMA-262) */
};

/* "_id" first and "version" (FIELD_INT, server's, hidden) last; "createdAt", "updatedAt" and
 * "ownerId" (who was signed in when it was made) are known by these names. */
enum { RESOURCE_FIELDS_MAX = 24 };

struct index {
    const char *name;
    const char *keys; /* "category,-createdAt,-_id"; "text:name,description" */
    bool unique;
    int64_t expire_after_s; /* 0: never; only on a time field */
};

struct resource {
    struct str name;     /* "products": collection, tags, list entries */
    struct str singular; /* "product": item entries and tags */
    struct str title;    /* "Product" */
    struct str absent;   /* "Product not found" */
    struct str path;     /* "/api/products" */
    struct str scope;    /* the field whose values have tags of their own: "category" */
    const struct field *fields;
    size_t field_count;
    const struct query_param *params;
    size_t param_count;
    const struct index *indexes;
    size_t index_count;
    const struct cache_class *item_class, *list_class;
};

/* Index of the field so named, or resource->field_count. */
size_t resource_field(const struct resource *resource, struct str name);

#endif
