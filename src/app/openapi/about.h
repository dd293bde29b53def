/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_ABOUT_H
#define LARDER_APP_OPENAPI_ABOUT_H

#include "app/app_state.h"
#include "app/handlers.h"

/* Descriptions of handlers for the OpenAPI document, as far as the routing tables do not have them:
 * texts, statuses and the form of answers. Paths, methods, parameters, fields, bounds and rights
 * come from those tables. */

enum about_traits {
    ABOUT_PLURAL = 1,        /* about many: the resource's name in the plural */
    ABOUT_QUERY = 2,         /* takes the resource's parameters */
    ABOUT_CACHED = 4,        /* Cache-Status */
    ABOUT_TAGGED = 8,        /* ETag; If-None-Match and 304 */
    ABOUT_MATCH = 16,        /* If-Match and 412 */
    ABOUT_LINK = 32,         /* Link, to other pages */
    ABOUT_LOCATION = 64,     /* Location, of what was made */
    ABOUT_BULK = 128,        /* takes an array too */
    ABOUT_COOKIE = 256,      /* sets the session's cookie */
    ABOUT_OWN_503 = 512,     /* its 503 looks like its 200 */
    ABOUT_SHARED = 1024,     /* answers alike whatever the resource */
    ABOUT_SEVERAL = 1 << 14, /* a result for each of several items: 200, 207 or 400 */
    ABOUT_TOTAL = 2048,      /* X-Total-Count */
    ABOUT_WATCH = 4096       /* takes watch */
};

enum about_body { ABOUT_NO_BODY, ABOUT_CREATE, ABOUT_CHANGE, ABOUT_TOUCH };

enum { ABOUT_STATUSES = 6 };

struct about {
    handler *handle;
    const struct resource *(*of)(void); /* for routes whose data is no resource */
    const char *tag;
    const char *id; /* of the operation; before a resource's name, or with ABOUT_SHARED behind */
    const char *summary; /* the same */
    const char *result;  /* schema of its answer; behind a resource's name */
    const char *type;    /* media type of its answer; NULL: JSON */
    const char *or_type; /* or this one; NULL: always that */
    unsigned status;
    unsigned traits;
    enum about_body body;
    unsigned short statuses[ABOUT_STATUSES]; /* further ones, besides those of every route and those
                                                that follow from flags and traits */
};

/* Never NULL; an undescribed route has no summary. */
const struct about *about_route(const struct route *route);
/* Query parameters of a resource's route, if its traits say that it has any. */
struct param_table about_params(const struct route *route);
/* The resource that a route is about, or NULL. */
const struct resource *about_resource(const struct route *route);

#endif
