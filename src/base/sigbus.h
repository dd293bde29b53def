/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_SIGBUS_H
#define LARDER_BASE_SIGBUS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Mappings of files that others may cut.  Reading behind the end of such a file is a SIGBUS; where
 * a guard is set, the mapping consists of zeros from then on instead, what was written to it is
 * lost, and the process goes on.  For programs that must not end for that: nginx. */

enum { SIGBUS_GUARDS_MAX = 64 };

struct sigbus_guard {
    void *base;
    size_t size;
    volatile bool cut; /* it consists of zeros */
};

/* The guard stays where it is until it is cleared.  ERR_BUSY: there are too many; ERR_IO. */
enum err sigbus_guard_set(struct sigbus_guard *guard, void *base, size_t size);
/* Before the mapping is taken away; a zeroed guard is allowed. */
void sigbus_guard_clear(struct sigbus_guard *guard);

#endif
