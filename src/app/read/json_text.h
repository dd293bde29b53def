/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_JSON_TEXT_H
#define LARDER_APP_READ_JSON_TEXT_H

#include "base/str.h"

/* JSON of our own writer read again: compact and well-formed. */

/* Bytes of the value that s begins with: up to the comma, brace or bracket behind it. */
size_t json_value_length(struct str s);
/* Takes one byte of a string's text, decoded (the string without its quotes); there is one. */
unsigned json_next_byte(struct str *json);

#endif
