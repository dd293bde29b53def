/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_FORMAT_H
#define LARDER_SCHEMA_FORMAT_H

#include <stdbool.h>

#include "schema/field.h"

/* Formats of strings. */

/* Whether s has the format; format_rule is the message otherwise ("must be a day such as
 * 2026-11-23"). */
bool format_holds(enum string_format format, struct str s);
struct str format_rule(enum string_format format);
/* Whether s (UTF-8) has a visible character: one that is no blank, control or zero-width character
 * (U+200B and the like). */
bool format_shows(struct str s);
/* The same as a pattern of ECMA-262, but for planes above the first. */
#define FORMAT_SHOWS_PATTERN                                                                       \
    "[^\\u0000-\\u0020\\u007f-"                                                                    \
    "\\u00a0\\u00ad\\u034f\\u061c\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-"                      \
    "\\u180f\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u2800\\u3000\\u3164\\ufe00-"            \
    "\\ufe0f\\ufeff"                                                                               \
    "\\uffa0\\ufff0-\\ufffb]"

#endif
