/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_METRICS_SLOT_H
#define LARDER_BASE_METRICS_SLOT_H

/* Inside of base/: the bytes of the metrics that all workers of a host share. */

#include <stdalign.h>
#include <stdatomic.h>

#include "base/series.h"

enum { METRICS_SLOTS = 256, METRICS_PAGE = 4096, METRICS_TALLY = 32768 };

struct histogram_counts {
    _Atomic uint64_t buckets[HISTOGRAM_BUCKETS + 1];
    _Atomic uint64_t ns; /* of all together */
};

/* The slot of one worker: at least a page, so that two workers never write to one cache line. */
struct metrics_slot {
    alignas(METRICS_PAGE) _Atomic uint64_t counts[METRIC_COUNT];
    _Atomic int64_t gauges[GAUGE_COUNT];
    struct histogram_counts histograms[HISTOGRAM_FIXED + HISTOGRAM_ROUTES];
    _Atomic uint64_t tally[METRICS_TALLY]; /* see tally.c */
};

/* The labels of a route's histogram.  A place is claimed, written and then published.  A reader
 * that finds a place being written waits a moment and then ignores it, since its writer may be
 * dead. */
enum { PLACE_FREE, PLACE_CLAIMED, PLACE_READY, PLACE_GIVEN_UP };
struct histogram_place {
    _Atomic uint32_t state;
    char labels[HISTOGRAM_LABELS_SIZE];
};

struct metrics_head {
    _Atomic uint32_t used;                    /* places that are not free */
    _Atomic uint8_t has_pages[METRICS_SLOTS]; /* of the slot: it may be read */
    struct histogram_place places[HISTOGRAM_ROUTES];
};

/* The slot of this process, and the shared file: shared is NULL without a mapped file. */
struct metrics_map {
    struct metrics_slot *own, *shared;
    struct metrics_head *head;
};
extern struct metrics_map metrics_map;

/* Returns slot i, or NULL if it was never used.  Slot METRICS_SLOTS is this process's private one.
 */
const struct metrics_slot *metrics_slot(int i);
/* The same, but NULL unless its worker runs. */
const struct metrics_slot *metrics_live_slot(int i);

#endif
