/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_DESCRIPTORS_H
#define LARDER_BASE_DESCRIPTORS_H

/* Opens /dev/null in place of each of the descriptors 0, 1 and 2 that is closed, as the FastCGI
 * specification (section 2.2) has 1 and 2: what is opened next would be taken for it.  First of
 * all. */
void descriptors_fill(void);

#endif
