/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_H
#define LARDER_APP_OPENAPI_H

#include <stdbool.h>

#include "app/state.h"

/* The description of the API, made once from the routes that serve and the tables behind them, and
 * answered from memory: GET /api/openapi.json, and the same to read at GET /api/docs. */

struct openapi;

/* Borrows nothing: the router may go. */
struct openapi *openapi_new(const struct router *router, bool writes_open);
void openapi_free(struct openapi *openapi);

handler openapi_handle, docs_handle;

#endif
