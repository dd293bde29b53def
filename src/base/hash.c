/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include <sodium.h>
#include <xxhash.h>

uint64_t hash64(const void *ptr, size_t len)
{
    return XXH3_64bits(ptr, len);
}

void sha256(struct str s, unsigned char digest[static SHA256_SIZE])
{
    crypto_hash_sha256(digest, (const unsigned char *)s.ptr, s.len);
}
