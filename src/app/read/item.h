/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_ITEM_H
#define LARDER_APP_READ_ITEM_H

#include "app/plan.h"
#include "cache/cache.h"

/* One item through the cache.  All items that one turn of the loop misses are asked of MongoDB in
 * one question for each resource. */

struct app;

struct item_read {
    struct cache_lookup lookup;
    struct app *app;
    const struct plan *plan;
    struct oid id;
    char name[ITEM_NAME_MAX];
};

/* Sets all that a look-up of this item needs but done, context and what answer_prepare sets. */
void item_read_init(struct item_read *read, struct app *app, const struct plan *plan,
                    const struct oid *id);
/* The document's JSON in the body of a cached item. */
struct str item_json(struct str plain);

#endif
