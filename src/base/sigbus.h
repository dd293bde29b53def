/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_SIGBUS_H
#define LARDER_BASE_SIGBUS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Guards for mappings of files that other processes may truncate.  A read behind the end of such a
 * file raises SIGBUS.  With a guard, the mapping is replaced by zeros, what was written to it is
 * lost, and the process continues.  For nginx, which must not be ended by that. */

enum { SIGBUS_GUARDS_MAX = 64 };

struct sigbus_guard {
    void *base;
    size_t size;
    volatile bool cut; /* it consists of zeros */
};

/* Sets a guard, whose address must not change until it is cleared.  ERR_BUSY: there are too many
 * guards; ERR_IO. */
enum err sigbus_guard_set(struct sigbus_guard *guard, void *base, size_t size);
/* Clears a guard; call it before munmap(2).  A zeroed guard is allowed. */
void sigbus_guard_clear(struct sigbus_guard *guard);

#endif
