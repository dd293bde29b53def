/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_BREAKER_H
#define LARDER_MONGO_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/* Circuit breaker: whether the server counts as reachable. A failed job only causes a ping, and the
 * ping decides, since a write of unknown outcome or a slow read does not prove that the server is
 * down.
 *
 * A failure counts only if the failed operation began after the last success: operations that were
 * running when the server went down may fail long after it is back.  Times are clock_mono_ns(). */

struct breaker {
    unsigned limit; /* failures in a row until it opens, the last one a ping's */
    unsigned failures;
    bool open;
    int64_t succeeded_ns;
    int64_t away_ns; /* when the first ping since the last success failed; 0: none has */
};

/* Returns true if this closes the breaker. */
bool breaker_success(struct breaker *breaker, int64_t now_ns);
/* Records the failure of a job that began at begun_ns. Returns true if it counts: send a ping. */
bool breaker_failure(struct breaker *breaker, int64_t begun_ns);
/* Records the failure of a ping. Returns true if this opens the breaker. */
bool breaker_ping_failure(struct breaker *breaker, int64_t begun_ns, int64_t now_ns);
/* Whether a ping is needed: the breaker is open, or an operation failed since the last success. */
static inline bool breaker_doubts(const struct breaker *breaker)
{
    return breaker->open || breaker->failures > 0;
}

#endif
