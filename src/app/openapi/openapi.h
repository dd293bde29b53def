/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_OPENAPI_H
#define LARDER_APP_OPENAPI_OPENAPI_H

#include "app/app_state.h"

/* The description of the API, from the routes that serve and the resources behind them, and
 * answered from memory: GET /api/openapi.json, and GET /api/docs, where nginx has a page for
 * browsers; and at GET /api/resource.schema.json that of the files which describe resources.
 *
 * Where there are many resources it takes longer to make than a request may keep the loop: a
 * thread makes it, and requests that come earlier wait. */

struct openapi;

/* What may be done, and how often, depends on the settings.  Borrows the app for its life. */
struct openapi *openapi_new(struct app *app);
/* Begins to make it. */
void openapi_start(struct openapi *openapi);
/* After the loop has ended; NULL is allowed. */
void openapi_free(struct openapi *openapi);

handler openapi_handle, docs_handle;

#endif
