/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_DERIVED_H
#define LARDER_APP_WRITE_DERIVED_H

#include "base/id.h"

/* Ids that are the same each time that they are made: of an Idempotency-Key's receipt, or of a
 * record's content.  Both give 12 bytes, which are an ObjectId; this is the id of another type for
 * it.  Strings are made in room. */
struct value derived_id(enum id_type type, const struct oid *oid, char room[static ID_TEXT_MAX]);

#endif
