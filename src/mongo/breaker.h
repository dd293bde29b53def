/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_BREAKER_H
#define LARDER_MONGO_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a server is taken to be reachable.  Jobs that fail raise the suspicion, pings decide: a
 * write whose outcome nobody knows, or a read that took too long, says little of the server.
 *
 * A failure counts only if what failed began after the last success: calls that were under way when
 * a server went away end long after it is back.  Times are clock_mono_ns(). */

struct breaker {
    unsigned limit; /* failures in a row, the deciding ping's among them */
    unsigned failures;
    bool open;
    int64_t succeeded_ns;
    int64_t away_ns; /* when the first ping since has failed; 0: none has */
};

/* True: it was open, and closes. */
bool breaker_success(struct breaker *breaker, int64_t now_ns);
/* Of a job that began at begun_ns.  True: it counts, so a ping should decide soon. */
bool breaker_failure(struct breaker *breaker, int64_t begun_ns);
/* The same for a ping, which has failed just now.  True: it opens. */
bool breaker_ping_failure(struct breaker *breaker, int64_t begun_ns, int64_t now_ns);
/* Whether a ping is wanted: it is open, or something has failed since the last success. */
static inline bool breaker_doubts(const struct breaker *breaker)
{
    return breaker->open || breaker->failures > 0;
}

#endif
