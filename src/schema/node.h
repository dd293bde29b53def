/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_NODE_H
#define LARDER_SCHEMA_NODE_H

/* Inside of schema: the nodes of a JSON Schema and their keywords. */

#include "schema/reading.h"

enum { LEVELS_MAX = 8, FIELDS_MAX = 256, STRING_MAX = 64 << 10, ITEMS_MAX = 1000 };

struct node {
    struct reading *reading;
    const struct place *place;
    const json_t *json; /* an object; references resolved */
    struct field *field;
    unsigned level; /* of objects and arrays; the document is 1 */
};

/* A whole schema: its document, of what could be read when errors were reported; NULL when
 * it is none of an object. */
const struct field *node_document(struct reading *reading, const struct place *place,
                                  const json_t *json);
/* One node into field, whose name and path are set. */
void node_read(struct reading *reading, const struct place *place, const json_t *json,
               unsigned level, struct field *field);

/* The type, or a report and false. */
bool keywords_type(struct node *node);
/* All other keywords of the node, for its type. */
void keywords_read(struct node *node);

/* What a node with "$ref" refers to, and its place; NULL after a report.  Nodes without are
 * returned as they are. */
const json_t *ref_resolve(struct reading *reading, const json_t *json, const struct place **place);

/* enum, const and default. */
void choices_enum(struct node *node, const json_t *json, const struct place *place);
void choices_const(struct node *node, const json_t *json, const struct place *place);
void choices_default(struct node *node, const json_t *json, const struct place *place);

#endif
