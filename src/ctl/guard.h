/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_GUARD_H
#define LARDER_CTL_GUARD_H

#include "cache/lock.h"
#include "ctl/ctl.h"

/* A lock that keeps the same command from running twice at a time, on any host. */
struct guard {
    struct ctl *ctl;
    struct lock lock;
    bool answered;
    enum err err;
};

/* Waits for Redis and takes the lock. On false, the reason was printed. */
bool guard_take(struct guard *guard, struct ctl *ctl, const char *what);
/* Extends the lock, whose life is one minute. */
void guard_extend(struct guard *guard);
void guard_leave(struct guard *guard);

#endif
