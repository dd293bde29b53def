/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_SEVERAL_H
#define LARDER_APP_WRITE_SEVERAL_H

#include "app/write/target.h"

/* PATCH of an array and DELETE of ids: up to BULK_MAX items, each judged by itself, by one write
 * with one invalidation.  Those that others have changed between the two are looked at again.  When
 * an error ends it, each item that is known to be written is answered so, and the others 503; it is
 * the whole's answer where there is none. */

struct several;

/* For at most count items of the route's resource.  It ends with several_begin or several_drop. */
struct several *several_new(struct app *app, const struct route *route, struct request *request,
                            size_t count);
/* Adds one; text is none where no id was given, and shown what stands for it in the answer (JSON,
 * in several_arena).  False: it is there already, and which of the two is meant? */
bool several_add(struct several *several, struct str text, struct str shown);
/* The one that was added last; NULL: it has no valid id. */
struct target *several_last(struct several *several);
/* Lives as long as it. */
struct arena *several_arena(struct several *several);
void several_begin(struct several *several);
void several_drop(struct several *several);

#endif
