/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_COUNTS_H
#define LARDER_APP_READ_COUNTS_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Counts the documents that have each value of a field. Values are JSON of Larder's own writer:
 * equal values have equal texts. */
struct counts;

struct counts_item {
    struct str json; /* belongs to the counts */
    int64_t count;
};

/* Never NULL. most: bound on the bytes of all values together. */
struct counts *counts_new(size_t most);
void counts_free(struct counts *counts);

/* Adds count documents with this value. A value is counted once per group, however often it occurs
 * in it. Groups are numbered from 1 and must be added one after the other. ERR_TOO_LARGE: the
 * values exceed `most`. */
enum err counts_add(struct counts *counts, uint64_t group, struct str json, int64_t count);
/* Returns the number of items, at most limit, sorted by descending count, then value: false, true,
 * numbers, strings by code point, others, null. Nothing can be added afterwards. */
size_t counts_top(struct counts *counts, size_t limit, const struct counts_item **items);

#endif
