/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_TALLY_H
#define LARDER_APP_READ_TALLY_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* How many documents have each value of a field.  Values are JSON of our own writer: the same text
 * is the same value. */
struct tally;

struct tally_item {
    struct str json; /* the tally's */
    int64_t count;
};

/* Never NULL.  most: bytes of values, all together. */
struct tally *tally_new(size_t most);
void tally_free(struct tally *tally);

/* So many documents more have this value.  group names those documents: of one group a value is
 * counted once, however often it comes, and its groups come one after the other, from 1 on.
 * ERR_TOO_LARGE: the values are more than `most`. */
enum err tally_add(struct tally *tally, uint64_t group, struct str json, int64_t count);
/* The first `limit` of them, by falling count, then value: false, true, numbers, texts by their
 * code points, all others, null.  Gives their number; ends the adding. */
size_t tally_top(struct tally *tally, size_t limit, const struct tally_item **items);

#endif
