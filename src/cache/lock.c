/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/lock.h"

#include "base/random.h"
#include "cache/script.h"

static struct redis_script script_extend = {
    .text = STR_INIT("if redis.call('GET', KEYS[1]) == ARGV[1] then\n"
                     "  return redis.call('PEXPIRE', KEYS[1], ARGV[2])\n"
                     "end\n"
                     "return 0\n")};

static void lock_put(struct lock *lock, struct str s)
{
    size_t room = LOCK_KEY_MAX - lock->key_len;
    size_t len = s.len < room ? s.len : room;

    if (len > 0)
        memcpy(lock->key + lock->key_len, s.ptr, len);
    lock->key_len += len;
}

void lock_init(struct lock *lock, struct redis *redis, struct str prefix, struct str resource,
               int64_t life_ms)
{
    unsigned char bytes[LOCK_TOKEN_SIZE / 2];

    *lock = (struct lock){.redis = redis, .life_ms = life_ms};
    lock_put(lock, prefix);
    lock_put(lock, STR(":lock:"));
    lock_put(lock, resource);
    random_bytes(bytes, sizeof bytes);
    hex_encode(bytes, sizeof bytes, lock->token);
}

static struct str key_of(const struct lock *lock)
{
    return str_make(lock->key, lock->key_len);
}

static struct str token_of(const struct lock *lock)
{
    return str_make(lock->token, sizeof lock->token);
}

static void on_acquired(void *context, enum err err, const struct redis_value *reply)
{
    struct lock *lock = context;

    if (err == ERR_OK && redis_type(reply) == REDIS_NIL)
        err = ERR_EXISTS;
    lock->done(lock, err);
}

void lock_acquire(struct lock *lock)
{
    char room[DECIMAL_MAX];

    redis_command(lock->redis, 6,
                  (const struct str[]){STR("SET"), key_of(lock), token_of(lock), STR("NX"),
                                       STR("PX"), str_decimal((uint64_t)lock->life_ms, room)},
                  on_acquired, lock);
}

static void on_kept(void *context, enum err err, const struct redis_value *reply)
{
    struct lock *lock = context;

    lock->done(lock, err == ERR_OK && redis_int(reply) == 0 ? ERR_NOT_FOUND : err);
}

void lock_extend(struct lock *lock)
{
    char room[DECIMAL_MAX];
    struct str key = key_of(lock),
               args[] = {token_of(lock), str_decimal((uint64_t)lock->life_ms, room)};

    redis_script(lock->redis, &script_extend, &key, 1, args, 2, on_kept, lock);
}

void lock_release(struct lock *lock)
{
    struct str key = key_of(lock), token = token_of(lock);

    redis_script(lock->redis, &script_unlock, &key, 1, &token, 1,
                 lock->done != NULL ? on_kept : redis_ignore, lock->done != NULL ? lock : NULL);
}
