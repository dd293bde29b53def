/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_LOCK_H
#define LARDER_CACHE_LOCK_H

#include "base/err.h"
#include "redis/redis.h"

/* Locks in Redis that expire: "<prefix>:lock:<resource>" holds a token that only the owner knows,
 * so nobody releases another's lock. A lock saves work. It is no guarantee, since it ends with its
 * time and with Redis: what must never happen twice, the database must refuse as well. */

enum { LOCK_TOKEN_SIZE = 32, LOCK_KEY_MAX = 200 };

struct lock {
    struct redis *redis;
    char key[LOCK_KEY_MAX];
    size_t key_len;
    char token[LOCK_TOKEN_SIZE];
    int64_t life_ms;
    /* OK; EXISTS: another owner has it; NOT_FOUND: it had expired; any other: Redis could not be
     * asked, and may still have carried it out. */
    void (*done)(struct lock *lock, enum err err);
    void *context;
};

/* Borrows redis; copies prefix and resource, truncated to LOCK_KEY_MAX. */
void lock_init(struct lock *lock, struct redis *redis, struct str prefix, struct str resource,
               int64_t life_ms);
/* Each ends in done. For lock_release done may be NULL, and the struct may be freed at once. */
void lock_acquire(struct lock *lock);
void lock_extend(struct lock *lock);
void lock_release(struct lock *lock);

#endif
