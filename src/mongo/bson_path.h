/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_BSON_PATH_H
#define LARDER_MONGO_BSON_PATH_H

#include "base/err.h"
#include "mongo/bson_walk.h"

/* Inside of mongo/: finds the values at a path ("steps.text") of a document. */

/* element: NULL if the path leads to nothing. item: the element is an item of an array at the
 * path's end. */
typedef void bson_path_visit(void *context, const struct bson_element *element, bool item);

/* Visits what lies at the path's end, an array there before its items (not theirs), through all
 * documents in arrays along the path.  False for malformed bytes. */
bool bson_path_each(struct str document, struct str path, bson_path_visit *visit, void *context);
/* The one element at the path, through no array.  ERR_NOT_FOUND, ERR_PROTOCOL. */
enum err bson_path_find(struct str document, struct str path, struct bson_element *element);

#endif
