/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_CHECK_H
#define LARDER_SCHEMA_CHECK_H

#include "base/arena.h"
#include "http/problem.h"
#include "schema/checking.h"
#include "schema/field.h"

/* Values from outside, as jansson has read them, against a field: typed values, or errors that name
 * the place ("steps[2].minutes"). */

/* path: where the value is, for errors; "" for a whole document.  ERR_INVALID: see problem. */
enum err check_value(const struct check *check, const struct field *field, struct str path,
                     const json_t *json, struct value *value);
/* Whether null is a value of the field. */
bool check_takes_null(const struct field *field);
/* A value that no schema describes, by its JSON type: keys that MongoDB would take for operators or
 * paths ("$…", with a dot, empty) are refused.  ERR_INVALID. */
enum err check_anything(const struct check *check, struct str path, const json_t *json,
                        struct value *value);
/* The same for the name of one such member, whose path is given. */
enum err check_key(const struct check *check, struct str path, struct str key);

#endif
