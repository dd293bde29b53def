/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_LE_H
#define LARDER_BASE_LE_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Whole numbers in size bytes, 1 to 8, the lowest first.  With a constant size, each of these is
 * one load or store. */

static inline uint64_t le_get(const void *from, size_t size)
{
    uint64_t value = 0;

    memcpy(&value, from, size);
    return le64toh(value);
}

/* Returns where it ended. */
static inline char *le_put(char *to, uint64_t value, size_t size)
{
    value = htole64(value);
    memcpy(to, &value, size);
    return to + size;
}

#endif
