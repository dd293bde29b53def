/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_HISTOGRAM_H
#define LARDER_BASE_HISTOGRAM_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* How long things take, counted in buckets that lie in the same shared slots as the counters of
 * metrics.h: what a killed worker has counted stays. */

/* id, family, label (or ""): the Prometheus series are larder_<family>_seconds_…{<label>}. */
#define HISTOGRAM_LIST(X)                                                                          \
    X(NONE, NONE, "")                                                                              \
    X(OTHER_2XX, REQUEST, "route=\"other\",method=\"other\",status=\"2xx\"")                       \
    X(OTHER_3XX, REQUEST, "route=\"other\",method=\"other\",status=\"3xx\"")                       \
    X(OTHER_4XX, REQUEST, "route=\"other\",method=\"other\",status=\"4xx\"")                       \
    X(OTHER_5XX, REQUEST, "route=\"other\",method=\"other\",status=\"5xx\"")                       \
    X(REDIS_OTHER, REDIS, "command=\"other\"")                                                     \
    X(REDIS_LOOKUP, REDIS, "command=\"look-up\"")                                                  \
    X(REDIS_FILL, REDIS, "command=\"fill\"")                                                       \
    X(REDIS_STORE, REDIS, "command=\"store\"")                                                     \
    X(REDIS_UNLOCK, REDIS, "command=\"unlock\"")                                                   \
    X(REDIS_FENCE, REDIS, "command=\"fence\"")                                                     \
    X(REDIS_RELEASE, REDIS, "command=\"release\"")                                                 \
    X(REDIS_INVALIDATE, REDIS, "command=\"invalidate\"")                                           \
    X(REDIS_AGE, REDIS, "command=\"age\"")                                                         \
    X(REDIS_COUNT, REDIS, "command=\"count\"")                                                     \
    X(REDIS_RECLAIM, REDIS, "command=\"reclaim\"")                                                 \
    X(MONGO_FIND, MONGO, "operation=\"find\"")                                                     \
    X(MONGO_INSERT, MONGO, "operation=\"insert\"")                                                 \
    X(MONGO_UPDATE, MONGO, "operation=\"update\"")                                                 \
    X(MONGO_DELETE, MONGO, "operation=\"delete\"")                                                 \
    X(MONGO_COUNT, MONGO, "operation=\"count\"")                                                   \
    X(MONGO_AGGREGATE, MONGO, "operation=\"aggregate\"")                                           \
    X(QUEUE_WAIT, QUEUE, "")                                                                       \
    X(LOOP_DELAY, LOOP, "")

enum histogram {
#define HISTOGRAM_ENUM(id, family, label) HISTOGRAM_##id,
    HISTOGRAM_LIST(HISTOGRAM_ENUM)
#undef HISTOGRAM_ENUM
        HISTOGRAM_FIXED
};

enum {
    HISTOGRAM_BUCKETS = 16,      /* with a bound, 0.0001 to 10 s; one more has none */
    HISTOGRAM_ROUTES = 512,      /* places for what routes count; no more than 480 are used */
    HISTOGRAM_LABELS_SIZE = 128, /* of a route's labels, with their NUL */
};

/* From any thread.  which: of the list, or from histogram_route. */
void histogram_add(unsigned which, int64_t ns);

/* The histogram of larder_request_duration_seconds with these labels, which all workers of the host
 * share; status is its first digit, 2 to 5.  Those of "other" when as many as limit are in use, or
 * when the labels are too long: then ask again next time.  Costs a search: keep what it gives. */
unsigned histogram_route(struct str route, struct str method, unsigned status, size_t limit);
/* Whether that is one of "other", which stands for all that have no place. */
static inline bool histogram_is_other(unsigned which)
{
    return which <= HISTOGRAM_OTHER_5XX;
}

/* A hash of what there is, for who maps it. */
uint64_t histograms_layout(void);
/* Those that have counted anything, summed over all workers, as Prometheus text. */
void histograms_text(struct buf *out);

#endif
