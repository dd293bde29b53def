/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_PRINTABLE_H
#define LARDER_HTTP_PRINTABLE_H

#include <stdbool.h>

#include "base/str.h"

/* Returns whether s may be a header's value: no control byte but the tab. */
bool printable_is(struct str s);

#endif
