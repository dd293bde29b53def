/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_AHEAD_H
#define LARDER_APP_READ_AHEAD_H

#include "schema/resource.h"

/* Fills the cache before clients ask (larderctl cache warm). */

struct app;

/* Both call done(context, err) once, perhaps before they return; context must stay valid until
 * then. id: canonical text. */
typedef void ahead_done(void *context, enum err err);
void ahead_item(struct app *app, const struct resource *resource, struct str id, ahead_done *done,
                void *context);
/* The first page of one partition (its value as in a query), or of the whole list if empty. */
void ahead_page(struct app *app, const struct resource *resource, struct str partition,
                ahead_done *done, void *context);

#endif
