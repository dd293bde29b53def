/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/durations.h"

#include "base/histogram.h"

/* A histogram is 19 series; what is not about routes comes to some 600. */
enum { HALVES_A_PATH = 3, LEAST = 72, MOST = 460 };

static size_t limit = LEAST;

struct durations durations_other = {.route = STR_INIT("other"), .methods = METHOD_GET};

void durations_limit(size_t paths)
{
    limit = paths * HALVES_A_PATH / 2;
    limit = limit < LEAST ? LEAST : limit > MOST ? MOST : limit;
}

static uint16_t *place_of(struct durations *durations, enum method method, unsigned status)
{
    unsigned at = method != METHOD_NONE ? 1 + (unsigned)__builtin_ctz((unsigned)method) : 0;

    return &durations->histograms[at][status / 100 - 2];
}

/* What a path does not know must not take the room of what it does. */
static unsigned look_up(const struct durations *durations, enum method method, unsigned status)
{
    bool known = (durations->methods & (unsigned)method) != 0;
    struct str name = method != METHOD_NONE ? method_name(method) : STR("other");

    return histogram_route(durations->route, name, status / 100, known ? limit : limit / 2);
}

static unsigned find(struct durations *durations, enum method method, unsigned status)
{
    uint16_t *place = place_of(durations, method, status);
    unsigned which = *place;

    if (which == HISTOGRAM_NONE) {
        which = look_up(durations, method, status);
        if (!histogram_is_other(which))
            *place = (uint16_t)which;
    }
    return which;
}

void durations_add(struct durations *durations, enum method method, unsigned status, int64_t ns)
{
    histogram_add(find(durations, method, status), ns);
}

void durations_add_all(struct durations *durations, enum method method, unsigned status,
                       const uint64_t *buckets, uint64_t ns)
{
    histogram_add_all(find(durations, method, status), buckets, ns);
}
