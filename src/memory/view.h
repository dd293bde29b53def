/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_VIEW_H
#define LARDER_MEMORY_VIEW_H

#include "memory/segment.h"

/* Inside of memory/. */

/* At the end of a look-up in a view: whether what was found may be believed, which it may while the
 * object is whole.  A hit is told to whom it concerns. */
bool view_admits(struct memory *m, uint64_t key_hash, bool hit);

#endif
