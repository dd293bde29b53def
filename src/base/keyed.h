/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_KEYED_H
#define LARDER_BASE_KEYED_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Keyed hashes (SipHash-2-4 of libsodium).  Data with the right hash was written by a process that
 * has the key. */

enum { KEYED_KEY_SIZE = 16 };

/* Derives the key of one purpose: BLAKE2b of "<purpose>:<secret>". */
void keyed_key(struct str purpose, struct str secret, unsigned char key[static KEYED_KEY_SIZE]);
uint64_t keyed_hash(const unsigned char key[static KEYED_KEY_SIZE], struct str s);

#endif
