/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_DESCRIBING_H
#define LARDER_APP_OPENAPI_DESCRIBING_H

#include <stdbool.h>

#include "app/app_config.h"
#include "app/app_state.h"
#include "app/openapi/names.h"
#include "http/router.h"
#include "schema/schema.h"

/* An operation of the OpenAPI document in the making. */

/* Shared by all operations of a document. */
struct describing {
    const struct router *router;
    const struct schema *schema;
    const struct app_config *config;
    const struct names *names;
};

struct operation {
    const struct describing *of;
    const struct router_path *path;
    const struct route *route;
    size_t slot; /* of the route in its path */
    bool head;   /* of GET's route */
};

/* Whether the operation needs a session. */
static inline bool operation_needs_session(const struct operation *operation)
{
    unsigned flags = operation->route->flags;

    return (flags & ROUTE_USER) != 0 &&
           !((flags & ROUTE_WRITE) != 0 && operation->of->config->writes_open);
}

#endif
