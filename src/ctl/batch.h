/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_BATCH_H
#define LARDER_CTL_BATCH_H

#include "ctl/batch_config.h"
#include "http/problem.h"

/* Records that are written together, fenced in the cache as any write is: their collection, all of
 * its partitions, and each one's own tag, since its id may be cached as absent.
 *
 * Without keys, a record's id is made of its content, so that a record that was written before is
 * found again, by this run or a later one, and is left as it is.  With keys, the document that has
 * the same values in these fields is changed where the record differs. */

struct batch;

/* Borrows ctl, and what config points to. */
struct batch *batch_new(struct ctl *ctl, const struct batch_config *config);
void batch_free(struct batch *batch);

/* Validates the object of this line, and takes it in or rejects it. */
void batch_add(struct batch *batch, struct str json, uint64_t line, int64_t now_ms);
bool batch_full(const struct batch *batch);

struct batch_outcome {
    uint64_t added, existed; /* without keys existed is what is there already; with keys the same */
    uint64_t changed, rejected;
};
/* Writes what was taken in, waits for it, and empties the batch.  Adds to the outcome, also what
 * batch_add has rejected.  Errors: MongoDB takes nothing at all; a part of it at most was written
 * (with ERR_UNKNOWN perhaps all), and it may be repeated. */
enum err batch_write(struct batch *batch, struct batch_outcome *outcome);

#endif
