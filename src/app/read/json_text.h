/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_JSON_TEXT_H
#define LARDER_APP_READ_JSON_TEXT_H

#include "base/str.h"

/* Reads JSON of Larder's own writer, which is compact and well-formed. */

/* The length of the value at the start of s, up to the next comma, brace or bracket. */
size_t json_value_length(struct str s);
/* Takes and returns the next byte of a string's text, decoded. *json has no quotes and is not
 * empty. */
unsigned json_next_byte(struct str *json);

#endif
