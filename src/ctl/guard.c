/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/guard.h"

enum { LIFE_MS = 60000 };

static void on_done(struct lock *lock, enum err err)
{
    struct guard *guard = lock->context;

    guard->err = err;
    guard->answered = true;
}

static enum err wait(struct guard *guard, void (*act)(struct lock *lock))
{
    guard->answered = false;
    act(&guard->lock);
    ctl_wait(guard->ctl, &guard->answered);
    return guard->err;
}

bool guard_take(struct guard *guard, struct ctl *ctl, const char *what)
{
    *guard = (struct guard){.ctl = ctl, .err = ERR_UNAVAILABLE};
    lock_init(&guard->lock, ctl->backend.redis, str_from(config_text(ctl->config, CONFIG_PREFIX)),
              str_from(what), LIFE_MS);
    guard->lock.done = on_done;
    guard->lock.context = guard;
    if (ctl_redis_ready(ctl))
        (void)wait(guard, lock_acquire);
    if (guard->err == ERR_EXISTS)
        ctl_error("another %s is under way", what);
    else if (guard->err != ERR_OK)
        ctl_error("Redis: %s; %s needs the lock that it keeps (REDIS_URL)", err_text(guard->err),
                  what);
    return guard->err == ERR_OK;
}

void guard_extend(struct guard *guard)
{
    (void)wait(guard, lock_extend);
}

void guard_leave(struct guard *guard)
{
    (void)wait(guard, lock_release);
}
