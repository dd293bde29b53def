/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_IDIOM_H
#define LARDER_BASE_IDIOM_H

/* Small things that C lacks. */

/* Elements of an array (not of a pointer). */
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* For settings of which 0 means "not set". */
static inline unsigned or_default(unsigned value, unsigned standard)
{
    return value != 0 ? value : standard;
}

#endif
