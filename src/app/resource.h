/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_RESOURCE_H
#define LARDER_APP_RESOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "cache/cache.h"

/* A resource is tables: fields, parameters, indexes, times.  Validation, queries, the writer of
 * JSON, the indexes and the OpenAPI document are all made from the same ones. */

enum field_type { FIELD_ID, FIELD_STRING, FIELD_NUMBER, FIELD_BOOL, FIELD_TIME, FIELD_STRINGS };

enum field_flags {
    FIELD_REQUIRED = 1, /* on creation, and never removed */
    FIELD_SERVER = 2,   /* set by the server: not accepted from clients */
    FIELD_HIDDEN = 4    /* never shown */
};

struct field {
    struct str name;
    enum field_type type;
    unsigned flags;
    double min, max;        /* of a number; of a string or of each of STRINGS: characters */
    unsigned items_max;     /* of STRINGS */
    const char *initial;    /* value on creation where none is given: "true", "false", "now", NULL */
    const char *help;       /* for the OpenAPI document */
};

enum param_type {
    PARAM_STRING, /* equality */
    PARAM_BOOL,
    PARAM_NUMBER,
    PARAM_UINT,
    PARAM_SORT,   /* one of the resource's sorts */
    PARAM_TEXT,   /* words for the text index */
    PARAM_FIELDS, /* names of fields, separated by commas */
    PARAM_IDS,    /* ids, separated by commas */
    PARAM_CURSOR
};

enum param_op { PARAM_EQ, PARAM_MIN, PARAM_MAX, PARAM_NONE };

/* Sorted by name in each resource: the canonical text follows that order. */
struct query_param {
    struct str name;
    enum param_type type;
    enum param_op op;
    struct str field;   /* what it filters */
    double min, max;    /* of numbers; of strings: characters */
    const char *initial; /* default, left out of the canonical text */
    const char *help;
};

struct index {
    const char *name;
    const char *keys; /* "category,-createdAt,-_id"; "text:name,description" */
    bool unique;
    int64_t expire_after_s; /* 0: none; only on a time field */
};

struct resource {
    struct str name;     /* "products": path, collection, tags, list entries */
    struct str singular; /* "product": item entries and tags */
    struct str title;    /* "Product": messages */
    const struct field *fields;
    size_t field_count;
    const struct query_param *params;
    size_t param_count;
    const struct str *sorts; /* "createdAt", "-createdAt", …; the first is the default */
    size_t sort_count;
    const struct index *indexes;
    size_t index_count;
    const struct cache_class *item_class, *list_class;
};

#endif
