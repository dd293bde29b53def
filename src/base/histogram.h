/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_HISTOGRAM_H
#define LARDER_BASE_HISTOGRAM_H

#include <stdint.h>

#include "base/buf.h"
#include "base/series.h"
#include "base/str.h"

/* Histograms of durations.  The buckets are in the same shared slots as the counters of metrics.h,
 * so the counts of a killed worker are kept. */

/* Counts one duration.  May be called from any thread. which is one of the list, or a result of
 * histogram_route. */
void histogram_add(unsigned which, int64_t ns);
/* Returns the bucket of a duration, 0 to HISTOGRAM_BUCKETS. */
unsigned histogram_bucket(int64_t ns);
/* Adds counts that were made elsewhere with histogram_bucket; ns is the sum of all durations. */
void histogram_add_all(unsigned which, const uint64_t buckets[static HISTOGRAM_BUCKETS + 1],
                       uint64_t ns);

/* The histogram of larder_request_duration_seconds with these labels, which all workers of the host
 * share; status is its first digit, 2 to 5.  Returns the one of "other" if limit are in use or the
 * labels are too long: call it again next time.  It searches a table, so keep the result. */
unsigned histogram_route(struct str route, struct str method, unsigned status, size_t limit);
/* Returns whether this is a histogram of "other". */
static inline bool histogram_is_other(unsigned which)
{
    return which <= HISTOGRAM_OTHER_5XX;
}

/* A hash of the table of histograms, which the file's name holds. */
uint64_t histograms_layout(void);
/* Appends the histograms that are not empty, summed over all workers, as Prometheus text. */
void histograms_text(struct buf *out);

#endif
