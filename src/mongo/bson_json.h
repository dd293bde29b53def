/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_BSON_JSON_H
#define LARDER_MONGO_BSON_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/idiom.h"
#include "base/value.h"

/* Converts BSON (https://bsonspec.org/spec.html) to JSON, as described by a shape. The bytes come
 * from a server and are not trusted: all lengths are checked. */

struct shape;
struct shape_field {
    struct str name;
    bool hidden;               /* not part of the JSON */
    bool capture;              /* its value is returned in captured */
    const struct shape *inner; /* of an embedded document, or of documents in an array: the shown
                                  fields; NULL: all */
};
struct shape {
    const struct shape_field *fields;
    size_t count;
    bool whole; /* documents have few other fields, so no projection is sent */
    bool open;  /* fields that are not listed are shown too */
};
#define SHAPE(array)                                                                               \
    {                                                                                              \
        .fields = (array), .count = COUNT(array)                                                   \
    }

/* Returns the index of the field of this name, or shape->count. */
size_t shape_find(const struct shape *shape, struct str name);

/* Appends the document's listed fields, in the document's order, as one JSON object.  Values are
 * written by their own type, whatever the shape expects there:
 *   string                       string; invalid UTF-8 becomes U+FFFD
 *   int32, int64                 all digits
 *   double                       the shortest text that reads back the same (10.0 is 10); NaN and
 *                                infinities null
 *   Decimal128                   string, digits kept, without an exponent where it has at most 34
 *                                digits so; NaN and infinities null
 *   date                         ISO 8601, UTC, milliseconds; null beyond the years 0 to 9999
 *   ObjectId                     24 hex digits
 *   binary 4 of 16 bytes         8-4-4-4-12 hex digits; other binary base64 (RFC 4648 section 4)
 *   null                         null
 *   document, array              whole, or as the shape's inner says, to a depth of 100
 *   regular expression           "/pattern/options"
 *   code, symbol                 their text
 *   timestamp                    "seconds:increment"
 *   DBPointer                    its ObjectId's hex digits
 *   undefined, MinKey, MaxKey    "undefined", "MinKey", "MaxKey"
 *
 * out may be NULL: nothing is written then.  captured may be NULL; else it has shape->count values:
 * those of the fields marked so, VALUE_NONE for absent ones.  What they point to borrows from data,
 * unless arena is given: then it is copied there; VALUE_LIST and VALUE_OBJECT are taken with an
 * arena only (VALUE_RAW without).  ERR_PROTOCOL for malformed bytes (out has then an incomplete
 * object at its end: the caller resets out->len), ERR_TOO_LARGE when out's cap was met. */
enum err bson_json_write(const uint8_t *data, size_t len, const struct shape *shape,
                         struct buf *out, struct value *captured, struct arena *arena);

#endif
