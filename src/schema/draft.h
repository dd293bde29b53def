/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_DRAFT_H
#define LARDER_SCHEMA_DRAFT_H

/* Inside of schema: a resource while its file is read. */

#include "schema/reading.h"

struct draft {
    struct reading *reading;
    const struct place *top;
    struct resource *resource;
    struct str *sorts; /* "-published" */
    size_t sort_count;
    struct str *search; /* paths */
    size_t search_count;
    int64_t page_default, page_max;
    bool broken; /* the schema has errors: types are not known for sure */
    bool unread; /* there is none: fields are not known */
};

/* How a path was found. */
struct draft_path {
    const struct field *field; /* NULL: there is none */
    bool through_array;        /* it, or one above it, is an array */
    bool through_objects;      /* one above it is an array of objects */
};
/* Any path that queries may name: declared, _id, and what the server keeps. */
struct draft_path draft_find(const struct draft *draft, struct str path);
/* The same of a path in a file; a report and NULL when there is none. */
const struct field *draft_name_path(const struct draft *draft, const struct place *place,
                                    struct str path, struct draft_path *found);
/* The same of what may be no string. */
const struct field *draft_take_path(const struct draft *draft, const struct place *place,
                                    const json_t *json, struct draft_path *found, struct str *path);
/* Scalar values only. */
static inline bool draft_is_scalar(const struct field *field)
{
    return field->type != FIELD_OBJECT && field->type != FIELD_ARRAY;
}

#endif
