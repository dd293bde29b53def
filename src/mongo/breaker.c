/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/breaker.h"

bool breaker_success(struct breaker *breaker, int64_t now_ns)
{
    bool closes = breaker->open;

    breaker->open = false;
    breaker->failures = 0;
    breaker->away_ns = 0;
    breaker->succeeded_ns = now_ns;
    return closes;
}

bool breaker_failure(struct breaker *breaker, int64_t begun_ns)
{
    if (begun_ns <= breaker->succeeded_ns)
        return false;
    breaker->failures++;
    return true;
}

bool breaker_ping_failure(struct breaker *breaker, int64_t begun_ns, int64_t now_ns)
{
    if (!breaker_failure(breaker, begun_ns))
        return false;
    if (breaker->away_ns == 0)
        breaker->away_ns = now_ns;
    if (breaker->open || breaker->failures < breaker->limit)
        return false;
    breaker->open = true;
    return true;
}
