/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_HASH_H
#define LARDER_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* XXH3, 64 bits: for tables and checksums.  Collisions can be crafted, so the keys are compared as
 * well wherever a mistake could be exploited.  The hash alone is used for recently evicted keys
 * (memory/ghost.h), counts of requests (app/window.h) and the cursor of a client's own pages
 * (app/read/cursor.h). */
uint64_t hash64(const void *ptr, size_t len);

enum { SHA256_SIZE = 32 };
/* FIPS 180-4; for names that leave the worker. */
void sha256(struct str s, unsigned char digest[static SHA256_SIZE]);

#endif
