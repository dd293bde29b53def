/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_BSON_PUT_H
#define LARDER_MONGO_BSON_PUT_H

#include "base/value.h"
#include "mongo/driver.h"

/* Inside of mongo/: appends values to a BSON document that the caller has initialised. */

void bson_put_value(bson_t *to, struct str field, const struct value *value);

/* "0", "1" …: the name of an array's item, in room. */
enum { BSON_ITEM_KEY_SIZE = 12 };
struct str bson_item_key(size_t index, char room[static BSON_ITEM_KEY_SIZE]);

#endif
