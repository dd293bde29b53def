/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_NUMBER_H
#define LARDER_SCHEMA_NUMBER_H

#include "base/buf.h"
#include "base/err.h"
#include "schema/field.h"

/* Inside of schema/: numbers of JSON, kept as they are or refused, never rounded. */

/* Reads the value of a FIELD_INTEGER or FIELD_NUMBER.  ERR_INVALID: why says what it must be. */
enum err number_read(const struct field *field, const json_t *json, struct value *value,
                     struct buf *why);

#endif
