/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_DESCRIPTORS_H
#define LARDER_BASE_DESCRIPTORS_H

#include <stdint.h>

/* Opens /dev/null for each of the descriptors 0, 1 and 2 that is closed (FastCGI, section 2.2,
 * starts a process without 1 and 2): the next file that is opened would otherwise get that number.
 * Call it before anything is opened. */
void descriptors_fill(void);
/* Raises the limit of open descriptors (RLIMIT_NOFILE) as far as allowed.  Returns how many of the
 * streams fit beside the connections, after those that requests need.  Logs a warning if that is
 * fewer than asked for. */
uint64_t descriptors_for_streams(uint64_t streams, uint64_t connections);

#endif
