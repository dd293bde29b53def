/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_CACHE_STATE_H
#define LARDER_CACHE_CACHE_STATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/pool.h"
#include "base/value.h"
#include "cache/budget.h"
#include "cache/cache.h"
#include "cache/key.h"
#include "cache/seal.h"
#include "memory/memory.h"
#include "mongo/mongo.h"
#include "redis/redis.h"

/* Inside of cache/: shared by its files. */

enum {
    FENCE_MS = 5000,            /* a fence, in Redis and in the host's table */
    SEND_BY_MS = 1500,          /* FENCE_MS > SEND_BY_MS + maxTimeMS of a write (3000) */
    PENDING_SEND_BY_MS = 10000, /* PENDING_OLD_MS > PENDING_SEND_BY_MS + the same */
    YOUNG_MS = FENCE_MS,        /* a restarted Redis may have lost a fence this old */
    TAG_TTL_MS = 86400000,      /* longer than any entry is kept */
    LOCK_MS = 3000,             /* of one fill */
    WAIT_MAX_MS = 300,          /* waiting for another worker's fill */
    WAIT_STEP_MS = 10,
    FENCE_WAIT_MS = 50, /* waiting for a write of this host */
    FENCE_STEP_MS = 1,
    PENDING_TICK_MS = 2000,
    PENDING_OLD_MS = 15000, /* longer than queueing, opening and maxTimeMS together */
    PENDING_MAX = 200000,   /* settled in one round */
    VERSION_SIZE = 16,      /* a version or token as hex digits */
    WRITER_SIZE = 8,        /* the writer's part of a token */
    NEGATIVE_MS = 30000,    /* life of an absence; its tag lives a little longer */
    NEW_TAG_MORE_MS = 7000,
    DEAD_MS = 2 * FENCE_MS, /* how long a dead writer is remembered: longer than its fences */
    OWN_MS = 15000          /* life of an own write's mark: longer than a follower lags */
};

_Static_assert(FENCE_MS <= (int)MEMORY_FENCE_MAX_MS, "else it would be ignored");

struct membership;
struct asks;
struct fills;
struct settler;
struct subscriber;
struct reaper;
struct reclaim;
struct waits;
struct gate;

/* member.c */
/* Whether Redis answered so recently that no new epoch can have begun. */
bool member_is_current(const struct membership *member);

/* lookup.c: the memory of look-ups. */
void lookups_init(struct cache *cache);

/* gate.c */
struct gate *gate_new(struct cache *cache, bool used);
/* Call on each new connection, before it is ready. */
void gate_connected(struct gate *gate);
/* Opens the gate at once: nothing was written since the last connection. */
void gate_pass(struct gate *gate);
bool gate_is_open(const struct gate *gate);
void gate_stop(struct gate *gate);
void gate_free(struct gate *gate);

struct cache {
    uv_loop_t *loop;
    struct redis *redis;
    struct mongo *mongo;
    struct memory *memory;
    struct arena scratch; /* keys of the command being built */
    struct buf base;      /* "<prefix>:<epoch>:" */
    uint32_t writer;      /* first part of its tokens; 0: not registered */
    uint64_t epoch;       /* number of epochs so far */
    size_t prefix_len;    /* of "<prefix>:" in it */
    char *prefix;         /* "<prefix>": never moves, so other threads may read it */

    /* Since when Redis has its data, by its own clock. */
    int64_t redis_ms, redis_seen_ns; /* its clock, and ours when it answered */
    int64_t since_ms;                /* the time of its mark, by its clock */
    bool born_asked;

    bool pending_known; /* since the last connection */
    bool followed;      /* own writes are marked */
    bool trying;        /* checking whether Redis still allows all commands */
    int64_t lost_ns;    /* when a connection with pending_known was lost; 0: never */
    struct pool states; /* of look-ups */
    struct membership *member;
    char run[EPOCH_MAX + 1]; /* what Redis calls itself since it was started */
    bool apart;              /* another installation conflicts: caching is off */
    struct asks *asks;
    struct fills *fills;
    struct settler *settler;
    struct subscriber *subscriber;
    struct reclaim *reclaim;
    struct waits *waits;
    struct gate *gate;
    struct reaper *reaper;

    struct seal *seal; /* of the entries in Redis */
    struct buf head;   /* of the entry being stored */
    struct budget budget;

    unsigned closing; /* handles not yet closed */
    void (*stopped)(void *context);
    void *stopped_context;
};

/* "larder:<epoch>:" */
static inline struct str cache_base(const struct cache *cache)
{
    return buf_view(&cache->base);
}
/* A name in Redis, until the next command is made. */
static inline struct str cache_key(struct cache *cache, struct str kind, struct str name)
{
    return key_make(&cache->scratch, cache_base(cache), kind, name);
}
/* Whether writes can be told to Redis, under names of the current epoch. */
static inline bool cache_tells_redis(const struct cache *cache)
{
    return redis_ready(cache->redis) && member_is_current(cache->member);
}
/* Whether entries from Redis may be served. */
static inline bool cache_trusts_redis(const struct cache *cache)
{
    return cache_tells_redis(cache) && cache->pending_known && !cache->apart &&
           gate_is_open(cache->gate);
}
/* Asks Redis for its clock and its mark, creating the mark if there is none. */
void cache_ask_born(struct cache *cache, bool early, redis_callback *callback, void *context);
/* Takes the clock from each answer, since it may be set meanwhile. */
void cache_take_born(struct cache *cache, enum err err, const struct redis_value *reply);
/* Whether Redis may have lost a fence. born is the mark's text, or empty. */
bool cache_is_young(const struct cache *cache, struct str born, int64_t mono_ns);
/* Hex digits of a fresh random version, never all zero. */
void cache_version(char text[static VERSION_SIZE]);
/* Hex digits of a writer's id, the first part of its tokens. */
void cache_writer(uint32_t id, char text[static WRITER_SIZE]);
/* Returns ERR_SYNTAX if text is no version. */
enum err cache_parse_version(struct str text, uint64_t *version);
/* Counts handles of the loop, so that cache_stop knows when it is done. */
void cache_handle_opened(struct cache *cache);
void cache_handle_closed(struct cache *cache);
void cache_count_detail(enum cache_detail detail);

/* ask.c */
struct asks *asks_new(struct cache *cache);
/* Sends the gathered look-ups. */
void asks_stop(struct asks *all);
void asks_free(struct asks *all);
struct waits *waits_new(struct cache *cache);
void waits_stop(struct waits *waits);
void waits_free(struct waits *waits);

/* fill.c */
struct fills *fills_new(struct cache *cache);
void fills_stop(struct fills *fills);
void fills_free(struct fills *fills);

/* move.c: marks the write's changes as own, before its tags are moved for the last time. */
void move_mark_own(struct cache *cache, const struct cache_write *write);

/* pending.c */
extern const struct str pending_collection; /* its name in MongoDB */

/* One write's pending invalidation. done is called once, perhaps at once: OK if it is in MongoDB
 * and marked in the table. */
struct pending {
    struct cache *cache;
    const struct str *tags;
    size_t tag_count;
    const uint32_t *slots;
    void (*done)(void *context, enum err err);
    void *context;
    struct oid id;
    bool named, closing;
};
void pending_open(struct pending *pending);
void pending_close(struct pending *pending);

/* settler.c */
struct settler *settler_new(struct cache *cache);
void settler_stop(struct settler *settler);
void settler_free(struct settler *settler);
/* Marks all pending invalidations; calls done once, perhaps at once. With an error they are not
 * known. generation: of the connection when the look began. */
void settler_look(struct settler *settler,
                  void (*done)(struct cache *cache, uint64_t generation, enum err err));

/* subscriber.c */
struct subscriber *subscriber_new(struct cache *cache, bool listens);
/* The names have changed: subscribes anew. */
void subscriber_renew(struct subscriber *subscriber);
void subscriber_stop(struct subscriber *subscriber);
void subscriber_free(struct subscriber *subscriber);
/* Why no worker of this host can listen, in Redis' words; empty while one does. */
struct str subscriber_refusal(const struct subscriber *subscriber);

/* reaper.c */
struct reaper *reaper_new(struct cache *cache, bool works);
void reaper_stop(struct reaper *reaper);
void reaper_free(struct reaper *reaper);

/* reclaim.c */
struct reclaim *reclaim_new(struct cache *cache);
/* Starts soon, unless another worker does, after a new epoch. */
void reclaim_start(struct reclaim *reclaim);
void reclaim_stop(struct reclaim *reclaim);
void reclaim_free(struct reclaim *reclaim);

#endif
