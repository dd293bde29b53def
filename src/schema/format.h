/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_FORMAT_H
#define LARDER_SCHEMA_FORMAT_H

#include <stdbool.h>

#include "schema/field.h"

/* Inside of schema/: what strings are. */

/* Whether s is of the format; what is not is told why ("must be a day such as 2026-11-23"). */
bool format_holds(enum string_format format, struct str s);
struct str format_rule(enum string_format format);
/* Whether a reader sees anything of s, which is UTF-8: not only blanks, controls and characters
 * without a shape (U+200B and the like). */
bool format_shows(struct str s);

#endif
