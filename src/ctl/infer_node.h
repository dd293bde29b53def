/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_INFER_NODE_H
#define LARDER_CTL_INFER_NODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "mongo/collection.h"

/* Inside of ctl/: what was seen at one place of the documents. */

enum {
    INFER_TYPES = VALUE_RAW + 1,
    INFER_VALUES_MAX = 200, /* different strings that are kept */
    INFER_TEXT_MAX = 100,   /* bytes of one that is */
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
    bool many_texts;      /* more than are kept */
    bool day, email, uri; /* all strings are */
    bool left_out;        /* members whose names no file can have */
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

/* What the field is declared as: of numbers VALUE_DOUBLE if there is any such, VALUE_RAW for what
 * has no type in a file, VALUE_NULL where there is nothing else. */
enum value_type infer_type(const struct infer_node *node);
/* The node at a path, arrays looked through; NULL when there is none. */
const struct infer_node *infer_find(const struct infer *infer, struct str path,
                                    bool *through_array);
/* Few values that come again and again. */
bool infer_is_choice(const struct infer_node *node);

/* Names of the fields that the server is to keep; empty: none. */
struct infer_kept {
    struct str version, created, updated;
};
struct infer_kept infer_kept(const struct infer *infer);

/* What lists can be asked for, by the indexes that there are. */
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

/* The members of "schema", a line each. */
void infer_schema(const struct infer *infer, struct buf *out);

#endif
