/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_FACETS_H
#define LARDER_APP_READ_FACETS_H

#include "app/read/scope.h"

/* Facets, through the cache: the number of documents by value of some fields. */
struct facets_read {
    struct cache_lookup lookup; /* first */
    struct app *app;
    const struct plan *plan;
    struct query query; /* parsed by the resource's table for facets */
    struct scope scope;
    struct arena arena; /* owned by a detached look-up */
};

/* cache_lookup.fill of a facets_read: asks MongoDB. */
void facets_fill(struct cache_lookup *lookup, struct cache_fill *fill);

#endif
