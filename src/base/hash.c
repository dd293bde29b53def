/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include <xxhash.h>
#ifdef HAVE_XXH_DISPATCH
#include <xxh_x86dispatch.h>
#endif

uint64_t hash64(const void *ptr, size_t len)
{
    return XXH3_64bits(ptr, len);
}
