/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_METRICS_H
#define LARDER_BASE_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/series.h"

/* Counters, gauges and histograms of all workers of a host, in one mapped file.  Each worker adds
 * to its own slot, and any worker can sum all slots.  An advisory lock that ends with the process
 * claims a slot.  The next process takes the slot over and continues its counters, so sums never
 * decrease; gauges count only while their worker runs. */

/* Maps /dev/shm/<name>-<the table's hash> and claims a slot.  Without it the process counts
 * for itself alone: ERR_IO, ERR_BUSY (all 256 slots are taken), ERR_DENIED (another user's, or open
 * to others), ERR_UNSUPPORTED (of another size). */
enum err metrics_open(const char *name);
/* Returns whether the name still leads to the mapped file: false once the file was removed or
 * truncated. */
bool metrics_are_linked(void);
/* Releases the slot; later counts are private to this process. */
void metrics_close(void);

/* From any thread. */
void metric_add(enum metric metric, uint64_t count);
static inline void metric_inc(enum metric metric)
{
    metric_add(metric, 1);
}
/* Over all workers of the host. */
uint64_t metric_sum(enum metric metric);
/* This worker's. */
void gauge_set(enum gauge gauge, int64_t value);
/* Over the workers that run. */
int64_t gauge_sum(enum gauge gauge);
/* The number of running workers, this one included. */
unsigned metrics_workers(void);

/* Appends all counters, gauges and histograms in Prometheus text format 0.0.4. */
void metrics_text(struct buf *out);
/* Appends one gauge with a value of the caller; labels may be "". */
void metrics_gauge_head(struct buf *out, const char *name, const char *help);
void metrics_gauge_text(struct buf *out, const char *name, const char *labels, double value);

#endif
