/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_BATCH_H
#define LARDER_CTL_BATCH_H

#include "ctl/ctl.h"
#include "http/problem.h"

/* Records that are written together, fenced in the cache as any write is: their collection, all of
 * its partitions, and each one's own tag, since its id may be cached as absent.
 *
 * Without keys, a record's id is made of its content, so that a record that was written before is
 * found again, by this run or a later one, and is left as it is.  With keys, the document that has
 * the same values in these fields is changed where the record differs. */

enum { BATCH_RECORDS = 256, BATCH_BYTES = 8 << 20, BATCH_KEYS_MAX = 8 };

struct batch;

struct batch_config {
    const struct resource *resource;
    const struct str *keys; /* paths of scalars, or "_id" */
    size_t key_count;       /* at most BATCH_KEYS_MAX */
    /* A record that is not written, and why.  The texts are valid during the call. */
    void (*reject)(void *context, uint64_t line, const struct problem *problem);
    void *context;
};

/* Borrows ctl, and what config points to. */
struct batch *batch_new(struct ctl *ctl, const struct batch_config *config);
void batch_free(struct batch *batch);

/* Validates an object that stands in this line, and takes it in or rejects it. */
void batch_add(struct batch *batch, struct str json, uint64_t line, int64_t now_ms);
bool batch_full(const struct batch *batch);

struct batch_outcome {
    uint64_t added, existed; /* without keys existed is what is there already; with keys the same */
    uint64_t changed, rejected;
};
/* Writes what was taken in, waits for it, and empties the batch.  Adds to the outcome, also what
 * batch_add has rejected.  Errors: MongoDB takes nothing at all; a part of it at most was written,
 * or with ERR_UNKNOWN nobody can tell, and doing it again is right. */
enum err batch_write(struct batch *batch, struct batch_outcome *outcome);

#endif
