/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_HASH_H
#define LARDER_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* XXH3, 64 bits: for tables and checksums inside a host.  Collisions can be crafted, so nothing is
 * ever taken to be equal because its hash is. */
uint64_t hash64(const void *ptr, size_t len);

enum { SHA256_SIZE = 32 };
/* FIPS 180-4; for names that leave the worker. */
void sha256(struct str s, unsigned char digest[static SHA256_SIZE]);

#endif
