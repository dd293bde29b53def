/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_SHA1_H
#define LARDER_REDIS_SHA1_H

#include "base/str.h"

enum { SHA1_SIZE = 20 };
/* FIPS 180-4.  Only for the names that Redis gives to scripts: SHA-1 protects nothing. */
void sha1(struct str s, unsigned char digest[static SHA1_SIZE]);

#endif
