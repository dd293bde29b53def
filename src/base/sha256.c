/* SPDX-License-Identifier: BSD-2-Clause */
#include <sodium.h>

#include "base/hash.h"

/* Apart from hash.c, so that memory/ links without libsodium. */

void sha256(struct str s, unsigned char digest[static SHA256_SIZE])
{
    crypto_hash_sha256(digest, (const unsigned char *)s.ptr, s.len);
}
