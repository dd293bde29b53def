/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_RIGHTS_H
#define LARDER_APP_RIGHTS_H

#include "app/people/auth.h"
#include "schema/resource.h"

/* From "access" of a resource's file to the flags of its routes, and back to what a visitor may. */

unsigned rights_read_flags(enum access access);
unsigned rights_write_flags(enum access access);

/* Writes ["read","create","update","delete"], or those of them that the visitor (NULL: nobody) may
 * do. */
void rights_json(const struct app *app, const struct resource *resource,
                 const struct visitor *visitor, struct buf *out);

#endif
