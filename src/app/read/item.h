/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_ITEM_H
#define LARDER_APP_READ_ITEM_H

#include "app/plan.h"
#include "cache/cache.h"

/* One item, through the cache. Misses of one turn of the loop share one question to MongoDB per
 * resource. */

struct app;
struct request;
struct route;

struct item_read {
    struct cache_lookup lookup;
    struct app *app;
    const struct plan *plan;
    struct str id; /* canonical, in name */
    bool owned;    /* visible to its owner only */
    struct oid reader;
    char name[ITEM_NAME_MAX];
};

/* Prepares the look-up of an item, except for done, context and what answer_prepare sets. Copies
 * id. */
void item_read_init(struct item_read *read, struct app *app, const struct plan *plan,
                    struct str id);
/* Sets the reader: this request's visitor, who on some routes sees only their own documents. */
void item_read_by(struct item_read *read, struct request *request, const struct route *route);
/* The document's JSON within a cached item's body. */
struct str item_json(struct str plain);
/* Answers that an item is too large to show. Names the id if a parameter (else empty) asked for
 * several. */
void item_send_too_large(const struct plan *plan, struct request *request, struct str param,
                         struct str id);

struct items *items_new(struct app *app);
void items_stop(struct items *items, void (*done)(void *context), void *context);
void items_free(struct items *items);

#endif
