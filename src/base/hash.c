/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include <xxhash.h>

uint64_t hash64(const void *ptr, size_t len)
{
    return XXH3_64bits(ptr, len);
}
