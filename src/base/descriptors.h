/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_DESCRIPTORS_H
#define LARDER_BASE_DESCRIPTORS_H

#include <stdint.h>

/* Opens /dev/null in place of each of the descriptors 0, 1 and 2 that is closed, as the FastCGI
 * specification (section 2.2) has 1 and 2: what is opened next would be taken for it.  First of
 * all. */
void descriptors_fill(void);
/* Raises the number of descriptors that may be open as far as this process may, and says how many
 * of so many streams it can keep beside so many connections: requests keep what they need.  Warns
 * of fewer. */
uint64_t descriptors_for_streams(uint64_t streams, uint64_t connections);

#endif
