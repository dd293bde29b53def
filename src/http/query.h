/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_QUERY_H
#define LARDER_HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "http/problem.h"

/* Query strings, read strictly by a table of parameters into typed values and one canonical text:
 * known parameters only, decoded once, defaults left out, in the table's order, each value in one
 * spelling.  Two queries that ask the same have the same text, and two that do not, never. */

enum param_type {
    PARAM_STRING,  /* of min to max characters */
    PARAM_TEXT,    /* words to look for; the same bounds */
    PARAM_BOOL,    /* true or false */
    PARAM_NUMBER,  /* from min to max, in JSON's grammar */
    PARAM_UINT,    /* whole, from min to max */
    PARAM_CHOICE,  /* one of the choices */
    PARAM_CHOICES, /* some of them, separated by commas; the first is meant always */
    PARAM_IDS,     /* 1 to max ids of 24 hex digits, separated by commas */
    PARAM_CURSOR   /* base64url, at most max bytes */
};

/* What the application does with it: the first four choose documents, the others what is told of
 * them.  Each of the others at most once a table. */
enum param_op {
    PARAM_EQ,
    PARAM_MIN,
    PARAM_MAX,
    PARAM_MATCH, /* the text index */
    PARAM_SORT,
    PARAM_PAGE,
    PARAM_LIMIT,
    PARAM_AFTER,
    PARAM_SHOW, /* only these fields */
    PARAM_PICK, /* these ids, in this order */
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
    struct str field; /* which it filters */
    double min, max;
    struct str initial; /* default, left out of the canonical text; empty: none */
    const struct str *choices;
    size_t choice_count; /* at most 64 */
    const char *help;    /* for the API's description */
};

enum { QUERY_PARAMS_MAX = 16, QUERY_IDS_MAX = 100, QUERY_TEXT_MAX = 8192 };

struct query_value {
    bool given;      /* and not the default */
    struct str text; /* canonical, decoded */
    union {
        double number;
        uint64_t integer;
        bool boolean;
        size_t choice;
        uint64_t choices; /* bit i: choices[i] */
    };
};

/* Values in the table's order. */
struct query {
    const struct query_param *params; /* borrowed, sorted by name */
    size_t count;
    struct query_value values[QUERY_PARAMS_MAX];
};

/* Reads text, the query as sent.  ERR_INVALID: what is wrong stands in problem.  Unknown and
 * repeated parameters are errors; utm_*, fbclid, gclid and _ are dropped unread.  The values borrow
 * from text and from the arena. */
enum err query_parse(struct query *query, const struct query_param *params, size_t count,
                     struct str text, struct arena *arena, struct problem *problem);
/* The canonical text of the given parameters whose bits (1 << index) are in mask, percent-encoded.
 * Lives in the arena. */
struct str query_text(const struct query *query, uint32_t mask, struct arena *arena);
/* Gives parameter i a value that was not asked for; ERR_INVALID when it has one. */
enum err query_set_bool(struct query *query, size_t i, bool value);

#endif
