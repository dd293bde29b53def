/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_METRICS_H
#define LARDER_BASE_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/series.h"

/* Counters, gauges and histograms of all workers of a host, in one mapped file: each worker adds to
 * a slot of its own, any of them sums all.  A slot is claimed by an advisory lock that dies with
 * its process and is then taken over by the next, which goes on counting in it, so sums never fall;
 * gauges count only while their worker runs. */

/* Maps /dev/shm/<name>-<the table's hash> and claims a slot.  Without it the process counts
 * for itself alone: ERR_IO, ERR_BUSY (all 256 slots are taken), ERR_DENIED (another user's, or open
 * to others), ERR_UNSUPPORTED (of another size). */
enum err metrics_open(const char *name);
/* Whether later openers get the same file: false once it was removed or cut under its users. */
bool metrics_are_linked(void);
/* Gives the slot back; counting goes on privately. */
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
/* How many those are, this one included. */
unsigned metrics_workers(void);

/* Prometheus text format 0.0.4: everything of the lists above and the histograms. */
void metrics_text(struct buf *out);
/* One gauge whose value the caller has; labels may be "". */
void metrics_gauge_head(struct buf *out, const char *name, const char *help);
void metrics_gauge_text(struct buf *out, const char *name, const char *labels, double value);

#endif
