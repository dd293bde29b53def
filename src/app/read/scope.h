/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_SCOPE_H
#define LARDER_APP_READ_SCOPE_H

#include "app/app_state.h"

/* Whose documents a question is about.  Zeroed: all, for everybody. */
struct scope {
    struct value owner; /* only of documents of this owner; VALUE_NONE: of all */
    struct str reader;  /* ":user:<id>:" behind the names of personal entries; or empty */
};

/* By the route: where each sees their own, those of the visitor; an administrator sees all.  The
 * string is the request's. */
void scope_init(struct scope *scope, struct request *request, const struct route *route);
/* The tags of an answer that is made of the documents that the query chooses. */
void scope_tags(const struct scope *scope, const struct app *app, const struct plan *plan,
                const struct query *query, struct arena *arena, struct cache_lookup *lookup);

#endif
