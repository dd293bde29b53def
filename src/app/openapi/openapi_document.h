/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_OPENAPI_DOCUMENT_H
#define LARDER_APP_OPENAPI_OPENAPI_DOCUMENT_H

#include <jansson.h>

#include "app/app_config.h"
#include "http/router.h"
#include "schema/schema.h"

/* The OpenAPI document (version 3.1.1) of everything that the router leads to, under these
 * settings.  A new reference, the caller's.  Reads all it is given and changes none: from any
 * thread. */
json_t *openapi_document(const struct router *router, const struct schema *schema,
                         const struct app_config *config);

#endif
