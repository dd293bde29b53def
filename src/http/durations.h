/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_DURATIONS_H
#define LARDER_HTTP_DURATIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "http/method.h"

/* The histograms of one path's requests (larder_request_duration_seconds): one for each method and
 * status class that has occurred. */

enum { DURATIONS_METHODS = 8, DURATIONS_CLASSES = 4 }; /* unknown methods are one */

struct durations {
    struct str route; /* the pattern; static */
    unsigned methods; /* that the path has: others have only half of the places */
    uint16_t histograms[DURATIONS_METHODS][DURATIONS_CLASSES]; /* 0: not looked up yet */
};

/* For requests without a known path, and those that the gateway answers. */
extern struct durations durations_other;

/* Sets the number of paths, which bounds the series: fewer than 2,000 for 48 paths, fewer than
 * 10,000 for any number.  Call it once, before the first request. */
void durations_limit(size_t paths);
/* status: 200 to 599. */
void durations_add(struct durations *durations, enum method method, unsigned status, int64_t ns);
/* Adds many durations, as histogram_add_all. */
void durations_add_all(struct durations *durations, enum method method, unsigned status,
                       const uint64_t *buckets, uint64_t ns);

#endif
