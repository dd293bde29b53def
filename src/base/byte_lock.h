/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_BYTE_LOCK_H
#define LARDER_BASE_BYTE_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

/* Claims to places of a file, as locks on single bytes of it (F_OFD_SETLK): they belong to the open
 * file description, and the kernel takes them back when the process is dead, however it died.  None
 * of these waits. */

/* False: another one has it. */
bool byte_lock(int fd, off_t at);
void byte_unlock(int fd, off_t at);
/* Whether another one has it: a lock of one's own is not in one's own way. */
bool byte_is_locked(int fd, off_t at);

#endif
