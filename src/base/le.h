/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_LE_H
#define LARDER_BASE_LE_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Integers in size bytes, 1 to 8, little-endian.  With a constant size, each function is one load
 * or store. */

static inline uint64_t le_get(const void *from, size_t size)
{
    uint64_t value = 0;

    memcpy(&value, from, size);
    return le64toh(value);
}

/* Returns the address behind the number. */
static inline char *le_put(char *to, uint64_t value, size_t size)
{
    value = htole64(value);
    memcpy(to, &value, size);
    return to + size;
}

#endif
