/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_KEYED_H
#define LARDER_BASE_KEYED_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Hashes that only who knows a key can make (SipHash-2-4 of libsodium): what comes back with the
 * right one was written by one of us. */

enum { KEYED_KEY_SIZE = 16 };

/* A key of its own for each purpose: BLAKE2b of "<purpose>:<secret>". */
void keyed_key(struct str purpose, struct str secret, unsigned char key[static KEYED_KEY_SIZE]);
uint64_t keyed_hash(const unsigned char key[static KEYED_KEY_SIZE], struct str s);

#endif
