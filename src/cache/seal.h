/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_SEAL_H
#define LARDER_CACHE_SEAL_H

#include "base/err.h"
#include "base/str.h"

/* Entries in Redis: the entry's bytes followed by a seal, a keyed hash of the entry's name and
 * bytes. A client that can write to Redis can delete an entry or restore an older one of the same
 * name, but can neither forge an entry nor rename one. */

struct seal;

enum { SEAL_SIZE = 8 };

/* With an empty secret a seal shows damage, but no forgery. */
struct seal *seal_new(struct str prefix, struct str secret);
void seal_free(struct seal *seal);

/* Writes the seal, SEAL_SIZE bytes, to `to`. */
void seal_make(struct seal *seal, struct str name, struct str bytes, char *to);
/* Returns in *bytes the entry, borrowed from sealed; ERR_SYNTAX if the seal does not match.
 * Recently opened entries are compared with a copy, which costs a tenth of a hash. */
enum err seal_open(struct seal *seal, struct str name, struct str sealed, struct str *bytes);

#endif
