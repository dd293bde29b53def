/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_NAMES_H
#define LARDER_APP_OPENAPI_NAMES_H

#include "http/router.h"
#include "schema/schema.h"

/* Unique names of schemas and operations: "BlogPost",
 * "listFeaturedProducts". */

struct names;

/* Borrows both. */
struct names *names_new(const struct router *router, const struct schema *schema);
void names_free(struct names *names);
/* The base name of a resource's schemas: "BlogPost", also in "NewBlogPost". */
struct str names_resource(const struct names *names, const struct resource *resource);
/* The name of the operation in this slot of the path, or empty. */
struct str names_operation(const struct names *names, const struct router_path *path, size_t slot);

#endif
