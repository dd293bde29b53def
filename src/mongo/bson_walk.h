/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_BSON_WALK_H
#define LARDER_MONGO_BSON_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Inside of mongo/: BSON read element by element (https://bsonspec.org/spec.html), without trust in
 * any of its lengths. */

enum bson_kind {
    KIND_DOUBLE = 0x01,
    KIND_STRING = 0x02,
    KIND_DOCUMENT = 0x03,
    KIND_ARRAY = 0x04,
    KIND_BINARY = 0x05,
    KIND_UNDEFINED = 0x06,
    KIND_OID = 0x07,
    KIND_BOOL = 0x08,
    KIND_DATE = 0x09,
    KIND_NULL = 0x0a,
    KIND_REGEX = 0x0b,
    KIND_POINTER = 0x0c,
    KIND_CODE = 0x0d,
    KIND_SYMBOL = 0x0e,
    KIND_SCOPED_CODE = 0x0f,
    KIND_INT32 = 0x10,
    KIND_TIMESTAMP = 0x11,
    KIND_INT64 = 0x12,
    KIND_DECIMAL = 0x13,
    KIND_MAX_KEY = 0x7f,
    KIND_MIN_KEY = 0xff,
};

struct bson_walk {
    const uint8_t *at, *end; /* end is the document's last byte, its terminator */
};

/* One element; name and data lie in the document.  data is the text of a string without its NUL,
 * the bytes of a binary value, the whole of a document or array, else the value as it is stored. */
struct bson_element {
    enum bson_kind kind;
    struct str name;
    const uint8_t *data;
    size_t len;
    bool hinted; /* the name is the one that was expected */
};

/* False unless data is a document of exactly len bytes. */
bool bson_walk_init(struct bson_walk *walk, const uint8_t *data, size_t len);
/* 1: there is an element; 0: that was all; -1: malformed.  hint is the name that is expected. */
int bson_walk_next(struct bson_walk *walk, struct str hint, struct bson_element *element);

int32_t bson_get_int32(const uint8_t *data);
int64_t bson_get_int64(const uint8_t *data);
double bson_get_double(const uint8_t *data);

#endif
