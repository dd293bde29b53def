/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_ROUTES_H
#define LARDER_APP_ROUTES_H

#include "app/app_state.h"

/* Adds the routes of all resources, allocated as *routes, and the program's own. */
void app_routes(struct router *router, const struct schema *schema, struct route **routes);

#endif
