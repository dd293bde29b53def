/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_LOCK_H
#define LARDER_CACHE_LOCK_H

#include "base/err.h"
#include "redis/redis.h"

/* Locks in Redis that end by themselves: "<prefix>:lock:<resource>" holds a token that only its
 * owner has, so nobody takes another's away.  Such a lock saves work and keeps people out of each
 * other's way; what must never happen twice is to be refused by the database as well, since a lock
 * goes with Redis, and with its time. */

enum { LOCK_TOKEN_SIZE = 32, LOCK_KEY_MAX = 200 };

struct lock {
    struct redis *redis;
    char key[LOCK_KEY_MAX];
    size_t key_len;
    char token[LOCK_TOKEN_SIZE];
    int64_t life_ms;
    /* OK; EXISTS: another has it; NOT_FOUND: it was ours no longer; else Redis could not be asked,
     * and may yet have done it. */
    void (*done)(struct lock *lock, enum err err);
    void *context;
};

/* Borrows redis; prefix and resource are copied, and cut at what fits. */
void lock_init(struct lock *lock, struct redis *redis, struct str prefix, struct str resource,
               int64_t life_ms);
/* Each ends in done, which may be NULL for lock_release: then the lock may be gone when the answer
 * comes. */
void lock_acquire(struct lock *lock);
void lock_extend(struct lock *lock);
void lock_release(struct lock *lock);

#endif
