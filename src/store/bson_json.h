/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_STORE_BSON_JSON_H
#define LARDER_STORE_BSON_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/idiom.h"
#include "store/value.h"

/* JSON out of BSON (https://bsonspec.org/spec.html), as a table says: what is not in it is never
 * shown.  The bytes are a server's, so they are read as hostile: all lengths are checked. */

struct shape_field {
    struct str name;
    bool hidden;  /* not part of the JSON */
    bool capture; /* its value is handed to the caller */
};
struct shape {
    const struct shape_field *fields;
    size_t count; /* at most SHAPE_FIELDS_MAX */
    bool whole;   /* documents hold little else, so all of them is asked for */
};
#define SHAPE(array)                                                                               \
    {                                                                                              \
        (array), COUNT(array), false                                                               \
    }
enum { SHAPE_FIELDS_MAX = 32 };

/* Index of the field so named, or shape->count. */
size_t shape_find(const struct shape *shape, struct str name);

/* Appends the document's listed fields, in the document's order, as one JSON object.
 * ObjectIds are 24 hex digits, dates ISO 8601 with milliseconds, doubles the shortest text that
 * reads back the same (10.0 is 10; NaN and infinities null), binary and unknown types null, arrays
 * and embedded documents whole, to a depth of 16.  Invalid UTF-8 becomes U+FFFD.
 *
 * out may be NULL: nothing is written then.  captured may be NULL; else it has shape->count values:
 * those of the fields marked so, VALUE_NONE for absent ones and types without a struct value.  The
 * strings in them borrow from data, unless arena is given: then they are copies in it;
 * VALUE_STRINGS are taken with an arena only. ERR_PROTOCOL for malformed bytes (out has then an
 * incomplete object at its end: the caller resets out->len), ERR_TOO_LARGE when out's cap was met.
 */
enum err bson_json_write(const uint8_t *data, size_t len, const struct shape *shape,
                         struct buf *out, struct value *captured, struct arena *arena);

#endif
