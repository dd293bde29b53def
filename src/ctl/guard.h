/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_GUARD_H
#define LARDER_CTL_GUARD_H

#include "cache/lock.h"
#include "ctl/ctl.h"

/* A lock that keeps two of the same command from running at a time, on whatever host. */
struct guard {
    struct ctl *ctl;
    struct lock lock;
    bool answered;
    enum err err;
};

/* Waits for Redis.  false: the reason is printed. */
bool guard_take(struct guard *guard, struct ctl *ctl, const char *what);
/* Every now and then, well within its life of a minute. */
void guard_extend(struct guard *guard);
void guard_leave(struct guard *guard);

#endif
