/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_OPERATION_H
#define LARDER_APP_OPENAPI_OPERATION_H

#include <jansson.h>
#include <stdbool.h>

#include "app/config.h"
#include "app/openapi/names.h"
#include "http/router.h"
#include "schema/schema.h"

/* One Operation Object (OpenAPI 3.1.1 section 4.8.10).  New references, the caller's. */

/* What all operations of a document have in common. */
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

json_t *operation_json(const struct operation *operation);
/* OPTIONS, which every path has. */
json_t *operation_options(const struct router_path *path);
/* The path as clients write it, with "{id}". */
struct str operation_path(const struct router_path *path);
/* Whether somebody must be signed in. */
bool operation_needs_session(const struct operation *operation);

#endif
