/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_STATEMENT_H
#define LARDER_MONGO_STATEMENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "mongo/bson_json.h"

/* What is sent to MongoDB: conditions, orders, changes and whole documents. */

enum op {
    OP_EQ, /* of an array: one of its items is equal */
    OP_NE,
    OP_GT,
    OP_GTE,
    OP_LT,
    OP_LTE,
    OP_IN,     /* value: VALUE_LIST */
    OP_EXISTS, /* value: VALUE_BOOL */
    OP_PREFIX, /* value: VALUE_STRING: strings that begin so */
    OP_TEXT,   /* $text: words to look for; field is not used */
    OP_SAME,   /* the field is as it was read: VALUE_NONE missing, VALUE_NULL there and null; equal,
                  and no array with an equal item (of VALUE_LIST and arrays in VALUE_RAW equal) */
};
/* All conditions of a list must hold; several on one field are allowed, also with one operator. */
struct condition {
    struct str field; /* a path: "chef.name" */
    enum op op;
    struct value value;
};

enum assign_op {
    ASSIGN_SET,
    ASSIGN_UNSET,         /* value not used */
    ASSIGN_INC,           /* VALUE_INT or VALUE_DOUBLE */
    ASSIGN_SET_ON_INSERT, /* with upsert */
    ASSIGN_NOW,           /* the server's clock ($currentDate); value not used */
};
struct assignment {
    struct str field; /* in an update a path: "chef.name" */
    enum assign_op op;
    struct value value;
};

/* The one of this field, or NULL. */
const struct assignment *assignment_find(const struct assignment *assignments, size_t count,
                                         struct str field);

struct sort_key {
    struct str field;
    int direction; /* 1 or -1 */
};

/* Where a page ended: the value that the document is sorted by (of an array its least or greatest
 * item; VALUE_NULL where it is missing; VALUE_RAW of type undefined (6) for an array of nothing),
 * and its _id.  Either may be of any type; arrays and documents are VALUE_RAW. */
struct keyset {
    struct value value;
    struct value id;
};

struct find {
    struct str collection;
    const struct condition *conditions;
    size_t condition_count;
    const struct sort_key *sort; /* with keyset: one key and then _id in the same direction, or _id
                                    alone; any values, in MongoDB's order of types */
    size_t sort_count;
    uint32_t skip, limit; /* limit 0: none */
    uint32_t batch;       /* documents of one answer where there is no limit; 0: the server's */
    const struct keyset
        *after;                /* NULL: from the start; a value of VALUE_NONE is looked up by _id */
    const struct shape *shape; /* also the projection, unless it is whole */
    struct str owner;          /* field captured into each find_item; empty: none */
    bool look_ahead;           /* asks for one more, to know whether there is more */
    uint32_t max_time_ms;      /* 0: until the job's deadline */
};

/* One document: JSON into out (may be NULL), captured values into captured (may be NULL; as many as
 * the shape has fields, strings in arena), its own bytes into raw (may be NULL), the same way for
 * all calls below. */
struct found_document {
    const struct shape *shape;
    struct buf *out;
    struct value *captured;
    struct arena *arena;
    struct buf *raw;
};

struct document {
    const struct assignment *fields; /* ASSIGN_SET only; "_id" first, or an ObjectId is made */
    size_t count;
};

#endif
