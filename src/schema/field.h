/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_FIELD_H
#define LARDER_SCHEMA_FIELD_H

#include <jansson.h>

#include "base/value.h"

/* One node of a resource's JSON Schema (draft 2020-12), read once: what validation, filters, the
 * writer of JSON and the API's description are made of. */

struct pattern;

enum field_type {
    FIELD_OBJECT,
    FIELD_ARRAY,
    FIELD_STRING,
    FIELD_DECIMAL,  /* string of "format": "decimal" */
    FIELD_TIME,     /* "date-time" */
    FIELD_OBJECTID, /* "objectid" */
    FIELD_UUID,     /* "uuid" */
    FIELD_INTEGER,
    FIELD_NUMBER,
    FIELD_BOOL,
    FIELD_NULL,
    FIELD_CHOICE /* enum or const without a type */
};

/* Formats that are strings in MongoDB too. */
enum string_format { FORMAT_NONE, FORMAT_URI, FORMAT_EMAIL, FORMAT_DATE };

enum field_flags {
    FIELD_REQUIRED = 1,  /* by the object that it is a property of */
    FIELD_NULLABLE = 2,  /* "type": [..., "null"] */
    FIELD_READ_ONLY = 4, /* refused from clients */
    FIELD_OPEN = 8,      /* of an object: "additionalProperties": true */
    FIELD_UNIQUE_ITEMS = 16,
    FIELD_DEFAULT_NOW = 32,
    FIELD_MINIMUM = 64, /* the bounds below count */
    FIELD_MAXIMUM = 128,
    FIELD_EXCLUSIVE_MINIMUM = 256,
    FIELD_EXCLUSIVE_MAXIMUM = 512,
    FIELD_SERVER = 1024 /* kept by the server (_id, times, owner, version): set by no client */
};

struct field {
    struct str name; /* its key; empty for a document and for the items of an array */
    struct str path; /* as filters and MongoDB name it: "steps.text"; items have their array's */
    enum field_type type;
    unsigned flags;
    enum string_format format;
    size_t min_count, max_count;   /* characters of a string, items of an array */
    double minimum, maximum;       /* of FIELD_NUMBER */
    int64_t low, high;             /* of FIELD_INTEGER, exclusive bounds taken in */
    double multiple_of;            /* 0: none */
    const struct pattern *pattern; /* NULL: none */
    const struct value *choices;   /* enum or const; NULL: any value of the type */
    size_t choice_count;
    const struct value *initial; /* default on creation; NULL: none */
    const struct field *fields;  /* of an object, in the file's order */
    size_t field_count;
    const struct field *items; /* of an array; NULL: anything */
    const json_t *schema;      /* its JSON with references resolved, borrowed */
};

/* The property so named, or NULL. */
const struct field *field_property(const struct field *object, struct str name);
/* The field at a path; arrays are looked through.  NULL when there is none. */
const struct field *field_at(const struct field *document, struct str path);
/* What an array is of, through all its levels; else the field itself. */
const struct field *field_scalar(const struct field *field);

#endif
