/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PATH_H
#define LARDER_APP_PATH_H

#include "app/app_state.h"

/* The path of a request among those of the routes. */

/* Also names it for the request's figures.  ERR_NOT_FOUND; ERR_SYNTAX, ERR_INVALID or
 * ERR_UNSUPPORTED: path_problem() says what is wrong. */
enum err path_find(struct app *app, struct request *request, struct router_path **path,
                   struct str *id);
/* For the figures of a request that is refused before its route is looked for. */
void path_name(struct app *app, struct request *request);
struct str path_problem(enum err err);

#endif
