/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_DEPENDS_H
#define LARDER_APP_DEPENDS_H

#include "cache/cache.h"
#include "http/request.h"

/* Records, for live answers, that the answer depends on this look-up. Call before the look-up. */
void depends_on(struct request *request, const struct cache_lookup *lookup);

#endif
