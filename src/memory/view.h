/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_VIEW_H
#define LARDER_MEMORY_VIEW_H

#include "memory/segment.h"

/* Inside of memory/. */

/* Ends a look-up in a view: returns whether the result is valid, which it is while the object is
 * whole. Reports a hit to the view's callback. */
bool view_admits(struct memory *m, uint64_t key_hash, bool hit);

#endif
