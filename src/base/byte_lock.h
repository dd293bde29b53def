/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_BYTE_LOCK_H
#define LARDER_BASE_BYTE_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

/* Locks on single bytes of a file (F_OFD_SETLK).  A lock belongs to the open file description, and
 * the kernel releases it when the process ends, however it ends.  No function here waits. */

/* Returns false if another open file description holds the lock. */
bool byte_lock(int fd, off_t at);
void byte_unlock(int fd, off_t at);
/* Returns whether another open file description holds the lock; the caller's own does not count. */
bool byte_is_locked(int fd, off_t at);

#endif
