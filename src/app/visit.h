/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_VISIT_H
#define LARDER_APP_VISIT_H

#include "app/app_state.h"

/* A request on its route: identifies the visitor, checks rights, reads the body, then calls the
 * handler.
 */

void visit_route(struct app *app, struct request *request, const struct route *route,
                 struct str id);
/* Calls the route's handler for an internal request. session: hash of the visitor's session; NULL:
 * not signed in. */
void visit_ask(struct app *app, struct request *request, const struct route *route, struct str id,
               const char *session);

#endif
