/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_DEPENDS_H
#define LARDER_APP_DEPENDS_H

#include "cache/cache.h"
#include "http/request.h"

/* For live answers: that the answer depends on what is looked up.  Called before it is. */
void depends_on(struct request *request, const struct cache_lookup *lookup);

#endif
