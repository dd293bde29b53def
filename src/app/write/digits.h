/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_DIGITS_H
#define LARDER_APP_WRITE_DIGITS_H

#include "base/str.h"

/* Whole numbers of well-formed JSON, written as 9007199254740993.0 or 9007199254740993e0: beyond
 * 2^53 a double keeps the digits of some only.  The place of the first that it does not keep, or
 * json.len.  Those without point and exponent are not looked at. */
size_t digits_lost(struct str json);

#endif
