/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_FACETS_H
#define LARDER_APP_READ_FACETS_H

#include "app/read/scope.h"

/* How many documents have each value of some fields, through the cache. */
struct facets_read {
    struct cache_lookup lookup; /* first */
    struct app *app;
    const struct plan *plan;
    struct query query; /* by the resource's table of facets */
    struct scope scope;
    struct arena arena; /* of a detached one */
};

/* Asks MongoDB for what the look-up, which is a facets_read's, is about. */
void facets_fill(struct cache_lookup *lookup, struct cache_fill *fill);

#endif
