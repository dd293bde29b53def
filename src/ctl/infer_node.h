/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_INFER_NODE_H
#define LARDER_CTL_INFER_NODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "mongo/collection.h"

/* Inside of ctl/: statistics of one path of the documents. */

enum {
    INFER_TYPES = VALUE_RAW + 1,
    INFER_VALUES_MAX = 200, /* different strings counted */
    INFER_TEXT_MAX = 100,   /* bytes of a counted string */
    INFER_INDEXES_MAX = 64
};

struct infer_text {
    struct str text;
    size_t count;
};

struct infer_node {
    struct str name;
    struct infer_node *next; /* in its object */
    struct infer_node *first, *last, *items;
    size_t child_count;
    size_t seen;               /* values, null ones too */
    size_t types[INFER_TYPES]; /* by enum value_type */
    size_t max_chars, max_items;
    struct infer_text *texts; /* INFER_VALUES_MAX, or NULL before the first string */
    size_t text_count;
    bool many_texts;      /* more than INFER_VALUES_MAX */
    bool day, email, uri; /* all strings have the format */
    bool left_out;        /* has members whose names a resource file cannot have */
};

struct infer_index_keys {
    struct index_key *keys;
    size_t count;
    bool unique, sparse;
};

struct infer {
    struct str collection;
    struct arena arena;
    struct infer_node document;
    struct infer_index_keys indexes[INFER_INDEXES_MAX];
    size_t index_count;
};

/* The type to declare: VALUE_DOUBLE for numbers of which one is no integer, VALUE_RAW for types
 * that a file does not know, VALUE_NULL if there is nothing else. */
enum value_type infer_type(const struct infer_node *node);
/* The node at a path, arrays looked through; NULL when there is none. */
const struct infer_node *infer_find(const struct infer *infer, struct str path,
                                    bool *through_array);
/* Whether the field has few values that repeat often. */
bool infer_is_choice(const struct infer_node *node);

/* Names of the fields for Larder to keep; empty: none. */
struct infer_kept {
    struct str version, created, updated;
};
struct infer_kept infer_kept(const struct infer *infer);

/* Filters and sorts that the existing indexes support. */
enum { INFER_FILTERS_MAX = 24, INFER_SORTS_MAX = 3 };
struct infer_filter {
    char name[64];
    const char *op; /* NULL: equality */
    struct str path;
};

struct infer_queries {
    const struct infer *infer;
    struct infer_kept kept;
    struct infer_filter filters[INFER_FILTERS_MAX];
    size_t filter_count, equal_count;
    struct infer_sort {
        struct str path;
        bool down;  /* the first of its two directions */
        bool leads; /* an index begins with it */
    } sorts[INFER_SORTS_MAX];
    size_t sort_count;
    const struct infer_node *partition;
    struct str partition_path;
};
void infer_find_queries(struct infer_queries *queries, const struct infer *infer);

/* Appends the members of "schema", a line each. */
void infer_schema(const struct infer *infer, struct buf *out);

#endif
