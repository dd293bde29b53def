/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_DERIVED_H
#define LARDER_APP_WRITE_DERIVED_H

#include "base/id.h"

/* Reproducible ids, derived from an Idempotency-Key's receipt or from a record's content. Both
 * derive an ObjectId; this converts it to an id of another type. Strings are written to room. */
struct value derived_id(enum id_type type, const struct oid *oid, char room[static ID_TEXT_MAX]);

#endif
