/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_BSON_ORDER_H
#define LARDER_MONGO_BSON_ORDER_H

#include "base/value.h"
#include "mongo/bson_walk.h"

/* Inside of mongo/: MongoDB's order of values
 * (https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order). */

/* Types that are compared with each other, in their order. */
enum bracket {
    BRACKET_MIN_KEY,
    BRACKET_EMPTY, /* undefined, and an array of nothing */
    BRACKET_NULL,  /* and missing */
    BRACKET_NAN,
    BRACKET_NUMBER,
    BRACKET_STRING, /* and symbol */
    BRACKET_OBJECT,
    BRACKET_ARRAY, /* in an array */
    BRACKET_BINARY,
    BRACKET_OID,
    BRACKET_BOOL,
    BRACKET_DATE,
    BRACKET_TIMESTAMP,
    BRACKET_REGEX,
    BRACKET_POINTER,
    BRACKET_CODE,
    BRACKET_SCOPED_CODE,
    BRACKET_MAX_KEY,
    BRACKETS
};

enum bracket bson_bracket(const struct bson_element *element);
/* Of a value as bson_scalar or bson_value gives it. */
enum bracket bson_value_bracket(const struct value *value);
/* <0, 0, >0. */
int bson_order(const struct bson_element *a, const struct bson_element *b);

#endif
