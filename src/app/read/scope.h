/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_SCOPE_H
#define LARDER_APP_READ_SCOPE_H

#include "app/app_state.h"

/* The documents that a visitor may see. Zeroed: all, for everybody. */
struct scope {
    struct value owner; /* only this owner's documents; VALUE_NONE: all */
    struct str reader;  /* ":user:<id>:", suffix of the names of personal entries; or empty */
};

/* Sets the scope by the route: where users see only their own documents, the visitor's;
 * administrators see all. Borrows from the request. */
void scope_init(struct scope *scope, struct request *request, const struct route *route);
/* Sets the tags of an answer made of the query's documents. */
void scope_tags(const struct scope *scope, const struct app *app, const struct plan *plan,
                const struct query *query, struct arena *arena, struct cache_lookup *lookup);

#endif
