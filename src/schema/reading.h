/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_READING_H
#define LARDER_SCHEMA_READING_H

/* Inside of schema: how a file is read, and how errors in it are reported. */

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "schema/resource.h"

#define SHOW(s) (int)(s).len, (s).ptr /* for %.*s */

/* A place in a file, as a chain that lies on the stack: its JSON pointer (RFC 6901). */
struct place {
    const struct place *up; /* NULL: the file itself */
    struct str key;
};

struct used_pattern {
    struct pattern *pattern;
    struct used_pattern *next;
};

/* A node that is being read: a reference from within refers to itself. */
struct open_node {
    const json_t *json;
    const struct open_node *up;
};

struct reading {
    struct arena *arena;            /* the schema's */
    json_t *owned;                  /* array: JSON that the schema borrows from */
    struct used_pattern **patterns; /* the schema's */
    struct buf *problems;
    struct str file;
    size_t errors;
    /* Of the JSON Schema that is read: */
    const json_t *root;
    const struct place *root_place;
    const struct kept_fields *kept; /* NULL: none are known */
    const struct open_node *open;
    size_t field_count;
};

/* A line of problems: "<file>: <pointer>: <reason>"; one that is there already is left out. */
void report(struct reading *reading, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Of something missing: the place of the key, within the place. */
void report_key(struct reading *reading, const struct place *place, struct str key,
                const char *reason);
/* A key that is not among these: with a hint where one of them is near. */
void report_unknown(struct reading *reading, const struct place *place, const char *what,
                    const struct str *known, size_t count);

/* The place of an array's item; belongs to the arena. */
struct place place_item(struct reading *reading, const struct place *array, size_t index);
/* The string's bytes, borrowed; of anything else empty. */
struct str json_text(const json_t *json);
/* Takes the reference over: it stays as long as the schema. */
json_t *reading_own(struct reading *reading, json_t *json);

/* What the JSON holds, or a report and false. */
bool take_text(struct reading *reading, const struct place *place, const json_t *json,
               struct str *text);
bool take_bool(struct reading *reading, const struct place *place, const json_t *json, bool *flag);
bool take_integer(struct reading *reading, const struct place *place, const json_t *json,
                  int64_t min, int64_t max, int64_t *integer);
bool take_object(struct reading *reading, const struct place *place, const json_t *json);

/* A string without NULs at its end, as printf has it, that belongs to the arena. */
struct str reading_format(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
