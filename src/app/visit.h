/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_VISIT_H
#define LARDER_APP_VISIT_H

#include "app/app_state.h"

/* A request and the route that it is for: who asks, whether they may, the body; then its handler.
 */

void visit_route(struct app *app, struct request *request, const struct route *route,
                 struct str id);
/* Has the route's handler answer a request that the program itself makes.  session is the hash of
 * who asks; NULL: nobody who is signed in. */
void visit_ask(struct app *app, struct request *request, const struct route *route, struct str id,
               const char *session);

#endif
