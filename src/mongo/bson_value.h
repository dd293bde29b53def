/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_BSON_VALUE_H
#define LARDER_MONGO_BSON_VALUE_H

#include "base/arena.h"
#include "base/json_writer.h"
#include "base/value.h"
#include "mongo/bson_walk.h"

/* Inside of mongo/: single values of BSON as JSON (by the table of bson_json.h) and as struct
 * value. */

/* What MongoDB nests, and libbson takes. */
enum { BSON_DEPTH_MAX = 100 };

/* A value that is no document or array. */
void bson_scalar_write(struct json_writer *out, const struct bson_element *element);

/* Any value, as bson_json_write writes it, whole.  ERR_PROTOCOL, ERR_TOO_LARGE. */
enum err bson_element_json(const struct bson_element *element, struct buf *out);

/* Decimal128 as text: plain where that takes at most 34 digits, else as libbson writes it ("1E+40",
 * "NaN"). */
enum { BSON_DECIMAL_SIZE = 48 };
struct str bson_decimal_text(const uint8_t *data, char room[static BSON_DECIMAL_SIZE]);

/* The value as its bytes: VALUE_RAW, borrowed. */
struct value bson_raw(const struct bson_element *element);
/* VALUE_RAW for arrays, documents, decimals and what has no other type; borrowed. */
struct value bson_scalar(const struct bson_element *element);
/* Of its own type, arrays and documents whole, copied into the arena.  False for malformed bytes.
 */
bool bson_value(const struct bson_element *element, struct arena *arena, struct value *value);
/* What the value points to, copied into the arena: of bson_scalar's. */
void bson_keep(struct value *value, struct arena *arena);

#endif
