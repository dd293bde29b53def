/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_OPENAPI_DOCUMENT_H
#define LARDER_APP_OPENAPI_OPENAPI_DOCUMENT_H

#include <jansson.h>

#include "app/app_config.h"
#include "http/router.h"
#include "schema/schema.h"

/* Makes the OpenAPI document (version 3.1.1) of all routes, under these settings. Returns a new
 * reference, owned by the caller. Only reads its arguments; callable from any thread. */
json_t *openapi_document(const struct router *router, const struct schema *schema,
                         const struct app_config *config);

#endif
