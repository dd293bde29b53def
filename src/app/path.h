/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PATH_H
#define LARDER_APP_PATH_H

#include "app/app_state.h"

/* Finds the route of a request's path. */

/* Also sets the route for metrics and logs. ERR_NOT_FOUND; ERR_SYNTAX, ERR_INVALID,
 * ERR_UNSUPPORTED: see path_problem(). */
enum err path_find(struct app *app, struct request *request, struct router_path **path,
                   struct str *id);
/* Sets the route for metrics and logs of a request that is refused before path_find. */
void path_name(struct app *app, struct request *request);
struct str path_problem(enum err err);

#endif
