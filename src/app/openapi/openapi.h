/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_OPENAPI_H
#define LARDER_APP_OPENAPI_OPENAPI_H

#include "app/app_state.h"

/* The OpenAPI document, made from the routes and the resources and answered from memory: GET
 * /api/openapi.json, and GET /api/docs, for which nginx has a page for browsers. GET
 * /api/resource.schema.json answers the JSON Schema of resource files.
 *
 * A thread makes it, since with many resources it would block the loop for too long; earlier
 * requests wait. */

struct openapi;

/* The document depends on the app's settings. Borrows the app for its life. */
struct openapi *openapi_new(struct app *app);
/* Starts making the document. */
void openapi_start(struct openapi *openapi);
/* Call after the loop has ended. NULL is allowed. */
void openapi_free(struct openapi *openapi);

handler openapi_handle, docs_handle;

#endif
