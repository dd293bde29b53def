/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_RIGHTS_H
#define LARDER_APP_RIGHTS_H

#include "app/people/auth.h"
#include "schema/resource.h"

/* Rights: from "access" in a resource file to route flags, and from those to what a visitor may do.
 */

unsigned rights_read_flags(enum access access);
unsigned rights_write_flags(enum access access);

/* Appends the visitor's rights (NULL: not signed in) as a JSON array of "read", "create", "update"
 * and "delete". */
void rights_json(const struct app *app, const struct resource *resource,
                 const struct visitor *visitor, struct buf *out);

#endif
