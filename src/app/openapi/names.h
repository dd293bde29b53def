/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_NAMES_H
#define LARDER_APP_OPENAPI_NAMES_H

#include "http/router.h"
#include "schema/schema.h"

/* What schemas and operations are called, each name once in the document: "BlogPost",
 * "listFeaturedProducts". */

struct names;

/* Borrows both. */
struct names *names_new(const struct router *router, const struct schema *schema);
void names_free(struct names *names);
/* What the schemas of a resource are called by: "BlogPost", which "NewBlogPost" is made of. */
struct str names_resource(const struct names *names, const struct resource *resource);
/* The operation at this path's slot; empty where there is none. */
struct str names_operation(const struct names *names, const struct router_path *path, size_t slot);

#endif
