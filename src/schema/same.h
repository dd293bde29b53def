/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_SAME_H
#define LARDER_SCHEMA_SAME_H

#include "base/arena.h"
#include "base/value.h"

/* Equality of values as JSON has it (RFC 8259): 1 and 1.0 are one number, and the members of an
 * object have no order. */

bool value_is_same(const struct value *a, const struct value *b);
/* Index of the first item that is equal to an earlier one, or count. */
size_t value_repeated(const struct value *items, size_t count, struct arena *arena);

#endif
