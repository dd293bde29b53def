/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_OPERATION_H
#define LARDER_APP_OPENAPI_OPERATION_H

#include <jansson.h>
#include <stdbool.h>

#include "app/openapi/describing.h"

/* The Operation Object (OpenAPI 3.1.1 section 4.8.10). All functions return new references, owned
 * by the caller. */

json_t *operation_json(const struct operation *operation);
/* The OPTIONS operation, which every path has. */
json_t *operation_options(const struct router_path *path);
/* The path as clients write it, with "{id}". */
struct str operation_path(const struct router_path *path);

#endif
