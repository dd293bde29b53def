/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_BATCH_CONFIG_H
#define LARDER_CTL_BATCH_CONFIG_H

#include "ctl/ctl.h"
#include "http/problem.h"

/* What a batch of records goes by. */

enum { BATCH_RECORDS = 256, BATCH_BYTES = 8 << 20, BATCH_KEYS_MAX = 8 };

struct batch_config {
    const struct resource *resource;
    const struct str *keys; /* paths of scalars, or "_id" */
    size_t key_count;       /* at most BATCH_KEYS_MAX */
    /* A record that is not written, and why.  The texts are valid during the call. */
    void (*reject)(void *context, uint64_t line, const struct problem *problem);
    void *context;
};

#endif
