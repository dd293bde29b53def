/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_DURATIONS_H
#define LARDER_HTTP_DURATIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "http/method.h"

/* Where the durations of one path's requests are counted (larder_request_duration_seconds): a
 * histogram for each method and class of status that has occurred. */

enum { DURATIONS_METHODS = 8, DURATIONS_CLASSES = 4 }; /* unknown methods are one */

struct durations {
    struct str route; /* the pattern; static */
    unsigned methods; /* that the path has: others have only half of the places */
    uint16_t histograms[DURATIONS_METHODS][DURATIONS_CLASSES]; /* 0: not looked up yet */
};

/* Of what has no path: in the gateway, or a path that is not known. */
extern struct durations durations_other;

/* So many paths there are: the series stay below 2,000 with 48 of them, and below 10,000 in any
 * case.  Once, before there are requests. */
void durations_limit(size_t paths);
/* status: 200 to 599. */
void durations_add(struct durations *durations, enum method method, unsigned status, int64_t ns);
/* Of many, as histogram_add_all has it. */
void durations_add_all(struct durations *durations, enum method method, unsigned status,
                       const uint64_t *buckets, uint64_t ns);

#endif
