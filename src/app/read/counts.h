/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_COUNTS_H
#define LARDER_APP_READ_COUNTS_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* How many documents have each value of a field.  Values are JSON of our own writer: the same text
 * is the same value. */
struct counts;

struct counts_item {
    struct str json; /* the counts's */
    int64_t count;
};

/* Never NULL.  most: bytes of values, all together. */
struct counts *counts_new(size_t most);
void counts_free(struct counts *counts);

/* So many documents more have this value.  group names those documents: of one group a value is
 * counted once, however often it comes, and its groups come one after the other, from 1 on.
 * ERR_TOO_LARGE: the values are more than `most`. */
enum err counts_add(struct counts *counts, uint64_t group, struct str json, int64_t count);
/* The first `limit` of them, by falling count, then value: false, true, numbers, texts by their
 * code points, all others, null.  Gives their number; ends the adding. */
size_t counts_top(struct counts *counts, size_t limit, const struct counts_item **items);

#endif
