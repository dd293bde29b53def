/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_ITEM_H
#define LARDER_APP_READ_ITEM_H

#include "app/plan.h"
#include "cache/cache.h"

/* One item through the cache.  All items that one turn of the loop misses are asked of MongoDB in
 * one question for each resource. */

struct app;
struct request;
struct route;

struct item_read {
    struct cache_lookup lookup;
    struct app *app;
    const struct plan *plan;
    struct str id; /* canonical, in name */
    bool owned;    /* it is there only for its owner */
    struct oid reader;
    char name[ITEM_NAME_MAX];
};

/* Sets all that a look-up of this item needs but done, context and what answer_prepare sets.  id is
 * copied. */
void item_read_init(struct item_read *read, struct app *app, const struct plan *plan,
                    struct str id);
/* That it is read by this request's visitor, on a route that may be of one's own documents only. */
void item_read_by(struct item_read *read, struct request *request, const struct route *route);
/* The document's JSON in the body of a cached item. */
struct str item_json(struct str plain);
/* The answer where an item is too large to be shown; it names the id where a parameter (else empty)
 * asked for several. */
void item_send_too_large(const struct plan *plan, struct request *request, struct str param,
                         struct str id);

struct items *items_new(struct app *app);
void items_stop(struct items *items, void (*done)(void *context), void *context);
void items_free(struct items *items);

#endif
