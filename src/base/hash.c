/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include <xxhash.h>

#ifdef HAVE_XXH_DISPATCH
#include <immintrin.h>
#include <xxh_x86dispatch.h>
#undef XXH3_64bits

enum { SHORT_MAX = 240 }; /* up to here it takes no more bytes at once than without */

/* The library leaves the upper halves of the registers in use, with which each later instruction of
 * SSE takes its time. */
__attribute__((target("avx"))) static uint64_t hash_long(const void *ptr, size_t len)
{
    uint64_t hash = XXH3_64bits_dispatch(ptr, len);

    _mm256_zeroupper();
    return hash;
}
#endif

uint64_t hash64(const void *ptr, size_t len)
{
#ifdef HAVE_XXH_DISPATCH
    if (len > SHORT_MAX && __builtin_cpu_supports("avx"))
        return hash_long(ptr, len);
#endif
    return XXH3_64bits(ptr, len);
}
