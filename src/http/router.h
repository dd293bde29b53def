/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_ROUTER_H
#define LARDER_HTTP_ROUTER_H

#include "base/str.h"
#include "http/durations.h"
#include "http/request.h"

/* Maps method and path to a handler. */

struct route {
    enum method method; /* one; GET answers HEAD too, OPTIONS is answered everywhere */
    struct str pattern; /* "/api/products", "/api/products/{id}" or "/api/products/{id}/stats" */
    void (*handle)(void *context, struct request *request, const struct route *route,
                   struct str id);
    const void *data;   /* the handler's, such as its resource */
    const void *detail; /* likewise, such as a list of the resource */
    unsigned flags;     /* the application's */
};

enum { ROUTER_METHODS = 5 };

/* One path with its methods. */
struct router_path {
    struct str prefix; /* the whole path, or what is before the id, with its slash */
    struct str suffix; /* what is behind it */
    bool has_id;
    unsigned methods; /* set of enum method, with HEAD and OPTIONS */
    uint32_t next;    /* the next of the same slot: its index and 1, or 0 */
    const struct route *routes[ROUTER_METHODS];
    struct durations durations; /* its methods are those above without OPTIONS */
};

/* Paths are found by a hash of the first two segments, "/api/products", in constant time for any
 * number of resources.  A path without an id comes first: "/api/products/featured" is no id. */
struct router {
    struct router_path *paths;
    size_t count;
    uint32_t *slots; /* the first path of each: its index and 1, or 0; a power of two of them */
    size_t slot_count;
};

/* Adds routes to a router, which is empty when zeroed.  Borrows the routes for the router's life.
 * Aborts if a route is given twice. */
void router_add(struct router *router, const struct route *routes, size_t count);
void router_free(struct router *router);
/* Returns the entry of a decoded path, or NULL.  *id is the segment in place of the id, or empty.
 */
struct router_path *router_find(struct router *router, struct str path, struct str *id);
/* Returns the route of a method (for HEAD that of GET), or NULL. */
const struct route *router_route(const struct router_path *path, enum method method);
/* Answers 204 to OPTIONS, with these methods in Allow. */
void router_allow(unsigned methods, struct request *request);
/* Answers 204 to OPTIONS or 405 to a method that the path does not have, both with Allow. */
void router_refuse(const struct router_path *path, struct request *request);

#endif
