/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_HISTOGRAM_H
#define LARDER_BASE_HISTOGRAM_H

#include <stdint.h>

#include "base/buf.h"
#include "base/series.h"
#include "base/str.h"

/* How long things take, counted in buckets that lie in the same shared slots as the counters of
 * metrics.h: what a killed worker has counted stays. */

/* From any thread.  which: of the list, or from histogram_route. */
void histogram_add(unsigned which, int64_t ns);
/* The bucket that such a duration counts in: 0 to HISTOGRAM_BUCKETS. */
unsigned histogram_bucket(int64_t ns);
/* Adds what was counted elsewhere by histogram_bucket; ns: of all together. */
void histogram_add_all(unsigned which, const uint64_t buckets[static HISTOGRAM_BUCKETS + 1],
                       uint64_t ns);

/* The histogram of larder_request_duration_seconds with these labels, which all workers of the host
 * share; status is its first digit, 2 to 5.  Those of "other" when as many as limit are in use, or
 * when the labels are too long: then ask again next time.  Costs a search: keep what it gives. */
unsigned histogram_route(struct str route, struct str method, unsigned status, size_t limit);
/* Whether that is one of "other", for all that have no place of their own. */
static inline bool histogram_is_other(unsigned which)
{
    return which <= HISTOGRAM_OTHER_5XX;
}

/* A hash of what there is, for who maps it. */
uint64_t histograms_layout(void);
/* Those that have counted anything, summed over all workers, as Prometheus text. */
void histograms_text(struct buf *out);

#endif
