/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_DIGITS_H
#define LARDER_APP_WRITE_DIGITS_H

#include "base/str.h"

/* Finds whole numbers, written as 9007199254740993.0 or 9007199254740993e0, that a double cannot
 * hold to the digit. Returns the offset of the first in well-formed JSON, or json.len. Numbers
 * without point and exponent are skipped. */
size_t digits_lost(struct str json);

#endif
