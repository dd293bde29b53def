/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_AHEAD_H
#define LARDER_APP_READ_AHEAD_H

#include "schema/resource.h"

/* Puts into the cache what clients will ask for, before they do. */

struct app;

/* Each ends in done(context, err), which may be called before it returns; context must be there
 * until then.  id is the canonical text. */
typedef void ahead_done(void *context, enum err err);
void ahead_item(struct app *app, const struct resource *resource, struct str id, ahead_done *done,
                void *context);
/* The first page of one partition (by its value as a client writes it), or of all when it is
 * empty. */
void ahead_page(struct app *app, const struct resource *resource, struct str partition,
                ahead_done *done, void *context);

#endif
