/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_SEAL_H
#define LARDER_CACHE_SEAL_H

#include "base/err.h"
#include "base/str.h"

/* Entries as Redis keeps them: the entry's bytes and behind them their seal, a keyed hash of the
 * entry's name and of these bytes.  Whoever can write to Redis can take an entry away, or put back
 * an older one of the same name; they can neither make one nor give one another's name. */

struct seal;

enum { SEAL_SIZE = 8 };

/* An empty secret is one that everybody knows: then a seal only shows damage. */
struct seal *seal_new(struct str prefix, struct str secret);
void seal_free(struct seal *seal);

/* The seal of an entry, stored behind it: to has SEAL_SIZE bytes. */
void seal_make(struct seal *seal, struct str name, struct str bytes, char *to);
/* The bytes that were sealed under this name, borrowed from sealed.  ERR_SYNTAX: these were not.
 * Bytes that were looked at lately are compared with what was kept of them, which costs a tenth of
 * a hash. */
enum err seal_open(struct seal *seal, struct str name, struct str sealed, struct str *bytes);

#endif
