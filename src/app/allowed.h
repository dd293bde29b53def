/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_ALLOWED_H
#define LARDER_APP_ALLOWED_H

#include "http/request.h"
#include "http/router.h"

/* OPTIONS of a document that only who has made it may change: to somebody who is signed in, Allow
 * names what they may do with this one. */

/* What answers OPTIONS of this path to a request with credentials, where some of its methods are
 * only for who has made the document; else NULL.  The route lies in the request's arena. */
const struct route *allowed_route(const struct router_path *path, struct request *request);

#endif
