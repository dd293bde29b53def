/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_ALLOWED_H
#define LARDER_APP_ALLOWED_H

#include "http/request.h"
#include "http/router.h"

/* OPTIONS of a document that only its owner may change: for a signed-in user, Allow lists what that
 * user may do with it. */

/* Returns the route that answers OPTIONS of this path with credentials, if some of its methods are
 * reserved to the document's owner; else NULL. The route is allocated in the request's arena. */
const struct route *allowed_route(const struct router_path *path, struct request *request);

#endif
