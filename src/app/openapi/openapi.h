/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_OPENAPI_H
#define LARDER_APP_OPENAPI_OPENAPI_H

#include "app/state.h"

/* The description of the API, made once from the routes that serve and the tables behind them, and
 * answered from memory: GET /api/openapi.json, and the same to read at GET /api/docs. */

struct openapi;

/* What may be done, and how often, depends on the settings.  Borrows nothing. */
struct openapi *openapi_new(const struct router *router, const struct app_config *config);
void openapi_free(struct openapi *openapi);

handler openapi_handle, docs_handle;

#endif
