/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_QUERY_VALUE_H
#define LARDER_HTTP_QUERY_VALUE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/str.h"
#include "base/value.h"
#include "http/problem.h"

/* The parameters of a query string, and their values. */

/* How one value is written, and its type in MongoDB. */
enum param_type {
    PARAM_STRING,  /* of min to max characters */
    PARAM_TEXT,    /* words to look for; the same bounds */
    PARAM_BOOL,    /* true or false */
    PARAM_NUMBER,  /* from min to max, in JSON's grammar */
    PARAM_INTEGER, /* whole, from low to high, 64 bits */
    PARAM_DECIMAL, /* -?digits[.digits] */
    PARAM_TIME,    /* a day or a time (RFC 3339) */
    PARAM_DAY,     /* YYYY-MM-DD, a string */
    PARAM_OBJECTID,
    PARAM_UUID,
    PARAM_CHOICE, /* one of the choices */
    PARAM_NAMES,  /* some of the choices, with commas between or repeated; the first is always meant
                   */
    PARAM_ID_LIST, /* 1 to max ids of the table's type, likewise */
    PARAM_CURSOR,  /* base64url, at most max bytes */
    PARAM_SOME,    /* 1 to max of the choices, likewise, none twice */
    PARAM_PARTS    /* as PARAM_STRING, likewise: parsed further by the caller */
};

/* The use of a parameter: the first ten filter documents, the others choose what is shown of them.
 * Each of the others occurs at most once in a table. */
enum param_op {
    PARAM_EQ,
    PARAM_NE,
    PARAM_IN, /* 1 to 20 values, with commas between or repeated */
    PARAM_GT,
    PARAM_GTE,
    PARAM_LT,
    PARAM_LTE,
    PARAM_PREFIX, /* strings that begin so */
    PARAM_EXISTS, /* PARAM_BOOL: whether the field is there */
    PARAM_MATCH,  /* the text index */
    PARAM_SORT,
    PARAM_PAGE,
    PARAM_LIMIT,
    PARAM_AFTER,
    PARAM_FIELDS, /* only these fields */
    PARAM_IDS,    /* these documents, in this order */
    PARAM_BY,     /* counted by these filters */
    PARAM_FORMAT, /* of a file */
    PARAM_SAFE,   /* for programs that take text for formulas */
    PARAM_OPS
};
static inline bool param_is_filter(enum param_op op)
{
    return op <= PARAM_MATCH;
}

struct query_param {
    struct str name;
    enum param_type type;
    enum param_op op;
    struct str field;   /* path that it filters by */
    double min, max;    /* characters, bytes, ids; of PARAM_NUMBER the value's bounds */
    int64_t low, high;  /* of PARAM_INTEGER */
    enum id_type id;    /* of PARAM_ID_LIST */
    struct str initial; /* default, left out of the canonical text; empty: none */
    const struct str *choices;
    const struct value *choice_values; /* of PARAM_CHOICE: what each means; NULL: itself */
    size_t choice_count;               /* at most QUERY_CHOICES_MAX */
    struct str help;                   /* for the API's description; may be empty */
};

enum {
    QUERY_PARAMS_MAX = 64,
    QUERY_IDS_MAX = 100,
    QUERY_IN_MAX = 20,
    QUERY_TEXT_MAX = 8192,
    QUERY_CHOICES_MAX = 320
};

/* A set of choices. */
struct query_chosen {
    uint64_t bits[QUERY_CHOICES_MAX / 64];
};
static inline bool query_has_chosen(const struct query_chosen *chosen, size_t choice)
{
    return (chosen->bits[choice / 64] >> choice % 64 & 1) != 0;
}

struct query_value {
    bool given;      /* and not the default */
    struct str text; /* canonical, decoded */
    union {
        struct value value; /* typed: of filters, and of page and limit (VALUE_INT); of PARAM_IN a
                               VALUE_LIST, sorted by text, none twice */
        size_t choice;      /* of PARAM_SORT */
        const struct query_chosen *chosen; /* of PARAM_NAMES */
    };
};

/* Reads one value of a parameter, such as one of PARAM_IN: canonical text and typed value.
 * ERR_INVALID: see problem. */
enum err query_read_value(const struct query_param *param, struct str text, struct arena *arena,
                          struct problem *problem, struct query_value *value);

/* The context in which a value is read. */
struct query_reading {
    struct arena *arena;
    struct problem *problem;
};
/* As query_read_value, but reads all values of PARAM_IN. */
enum err query_value_read(const struct query_reading *reading, const struct query_param *param,
                          struct str text, struct query_value *value);

#endif
