/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_BATCH_H
#define LARDER_CTL_BATCH_H

#include "app/write/validate.h"
#include "ctl/ctl.h"

/* Records that are written together, fenced in the cache as any write is: their collection, their
 * scopes (categories) and each one's own tag, since its id may be cached as absent.
 *
 * A record's id is made of its content, so a record that was written before is found again, by this
 * run or a later one, and is left as it is. */

enum { BATCH_RECORDS = 256, BATCH_BYTES = 8 << 20 };

struct batch;

/* Borrows both. */
struct batch *batch_new(struct ctl *ctl, const struct resource *resource);
void batch_free(struct batch *batch);

/* Validates an object and takes it in.  ERR_INVALID: what is wrong stands in problem, whose texts
 * are valid until batch_write. */
enum err batch_add(struct batch *batch, struct str json, int64_t now_ms, struct problem *problem);
bool batch_full(const struct batch *batch);

struct batch_outcome {
    uint64_t added, existed, failed;
};
/* Writes what was taken in, waits for it, and empties the batch.  Adds to the outcome.
 * ERR_UNAVAILABLE: a part of it at most was written; ERR_UNKNOWN: nobody can tell.  In both cases
 * doing it again is right.  Other errors: MongoDB refused some of the records. */
enum err batch_write(struct batch *batch, struct batch_outcome *outcome);

#endif
