/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_CACHE_H
#define LARDER_CACHE_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "cache/entry.h"

/* The cache: read-through look-ups, and writes behind fences, the same for every
 * resource.  docs/caching.md explains the protocol to its users.
 *
 * Everything here runs on the loop's thread unless it says otherwise. */

struct cache;
struct memory;
struct mongo;
struct redis;

struct cache_config {
    struct str prefix; /* of every name in Redis, "larder"; at most 64 bytes */
    struct str secret; /* key of the seals of entries in Redis; may be empty */
    bool follows;      /* a follower may run for the cache */
    bool listens; /* may become this host's listener, and sends heartbeats to the installation: only
                     for processes whose loop never blocks */
    struct str redis_name, mongo_name; /* shown to other workers; without secrets */
    struct str sessions;               /* the collection emptied after a restored backup */
};

/* Borrows all three for its life; memory is never NULL (it may hold tags only). */
struct cache *cache_new(uv_loop_t *loop, const struct cache_config *config, struct redis *redis,
                        struct mongo *mongo, struct memory *memory);
/* Releases the lease and stops the timers. done is called once no handle is left in the loop. */
void cache_stop(struct cache *cache, void (*done)(void *context), void *context);
/* Call after cache_stop's done, and once redis and mongo are closed: their last callbacks use it.
 */
void cache_free(struct cache *cache);

/* --- Reading --- */

/* How long the answers of one kind are kept. */
struct cache_class {
    int64_t ttl_ms; /* life in Redis, ±10 %; 0: answers are not cached */
    int64_t
        refresh_ms;   /* the last part of ttl_ms, in which hits are served while one refill runs */
    int64_t error_ms; /* how long after ttl_ms an answer may be served while MongoDB is away */
    bool negative;    /* absence (404) is cached as well */
    bool guessed;     /* clients can invent names, and absence is not cached */
};

/* EDGE: from memory, by nginx itself. */
enum cache_source { CACHE_MEMORY, CACHE_EDGE, CACHE_REDIS, CACHE_DATABASE };
/* For Cache-Status (RFC 9211). */
enum cache_detail {
    CACHE_DETAIL_NONE,
    CACHE_DETAIL_STORED,    /* a miss, and the answer is cached */
    CACHE_DETAIL_COLLAPSED, /* waited for another request's fill */
    CACHE_DETAIL_NOT_KEPT,  /* answers of this class are not cached */
    CACHE_DETAIL_REDIS_DOWN,
    CACHE_DETAIL_APART,     /* another cache serves the same database, or the same cache another
                               database */
    CACHE_DETAIL_READ_ONLY, /* Redis is full or refuses writes: stored in memory only */
    CACHE_DETAIL_WRITE_FENCE,
    CACHE_DETAIL_PENDING, /* an invalidation of a tag is pending */
    CACHE_DETAIL_YOUNG,   /* Redis lost its data within the last 5 s */
    CACHE_DETAIL_TOO_LARGE,
    CACHE_DETAIL_STALE, /* past its fresh time, being refilled in the background */
    CACHE_DETAIL_STALE_IF_ERROR
};

struct cache_fill;

/* A look-up and its result. The caller keeps the struct, and all it points to, until done.
 */
struct cache_lookup {
    struct str name;                 /* "product:65a…": what follows prefix and epoch in Redis */
    struct str tags[ENTRY_TAGS_MAX]; /* "products:books": what follows "tag:" */
    size_t tag_count;
    const struct cache_class *class;
    bool want_gzip; /* the client takes gzip; a memory hit copies only one of the two bodies */
    bool head_only; /* no body is needed if if_none_match matches: entry.plain stays empty */
    struct str if_none_match; /* with head_only: the entity tag of the request */
    struct buf *room;         /* receives the bytes of a memory hit */

    /* Asks the database. Called at most once; must end in cache_fill_done, now or later. */
    void (*fill)(struct cache_lookup *lookup, struct cache_fill *fill);
    /* Returns a copy that outlives this look-up, with all that fill needs, for a refill in the
     * background; NULL: no refill. Its done is never called; it ends with detached_free. */
    struct cache_lookup *(*detach)(const struct cache_lookup *lookup);
    void (*detached_free)(struct cache_lookup *lookup);
    /* Receives the answer. With err OK, entry is valid during the call. May be called inside
     * cache_get. */
    void (*done)(struct cache_lookup *lookup);
    void *context; /* the caller's */

    enum err err; /* OK, or the database's: UNAVAILABLE, BUSY, TIMEOUT, INTERNAL */
    struct entry entry;
    enum cache_source source;
    enum cache_detail detail;

    struct lookup_state *state; /* the cache's own */
};

/* Starts a look-up. Look-ups of one turn of the loop share one MGET (128 at most). */
void cache_get(struct cache *cache, struct cache_lookup *lookup);

/* Call right before the first question to the database, from any thread. Later requests without
 * tags no longer join the fill. */
void cache_fill_seal(struct cache_fill *fill);
/* Ends a fill with the database's answer. With ERR_OK the entry's status, etag, source_at, plain
 * and gzip are set, and optionally the buffers that own them; the cache sets the rest. The bytes
 * are borrowed during the call. An error reaches every waiter.
 */
void cache_fill_done(struct cache_fill *fill, enum err err, const struct entry *entry);

/* --- Writing --- */

/* A write under some tags: cache_write_begin fences them and calls ready; the caller then sends the
 * write to MongoDB and calls cache_write_end with the outcome; once that calls done, the write may
 * be acknowledged. The caller keeps the struct and the tags until done. */
enum { CACHE_WRITE_TAGS_MAX = 420, CACHE_WRITE_TOTALS_MAX = 104 };

/* A cached total that the write updates instead of invalidating it.  name is that of its entry,
 * whose body is a decimal number; its first tag is the write's tags[tag], and the write leaves its
 * other tags alone. If the total was valid before and no other write came under that tag, the
 * release stores it with delta added. */
struct cache_total {
    struct str name;
    size_t tag;
    int64_t delta; /* set before cache_write_end */
};

/* The item that a write changes or makes. The write's release stores it as an entry, so that the
 * next read is a hit. It is stored only if nobody else changed the item since cache_written_begin.
 */
struct cache_written {
    struct str name; /* its entry's */
    size_t tag;      /* its first tag is the write's tags[tag]; the write leaves the others alone */
    struct str made_tag; /* an item that the write makes: the second and last tag of its entry.
                            Empty: the write changes an item */
    const struct cache_class *class;
    struct entry entry; /* status, etag, source_at, plain and gzip as in a fill, set before
                           cache_write_end; status 0: not stored */
};
/* Call before the item is read from the database, with name, made_tag and class set. */
void cache_written_begin(struct cache *cache, struct cache_written *written);
/* Whether the release may still store the entry; if not, there is no need to make one. */
static inline bool cache_written_is_kept(const struct cache_written *written)
{
    return written->entry.tag_count > 0;
}

/* Marks of this write's changes, such as "product:65a…:7:1764500000000": the follower skips changes
 * that carry one. */
enum { CACHE_WRITE_OWN_MAX = 100 };

struct cache_write {
    const struct str *tags; /* "products", "products:books", "product:65a…"; no tag twice */
    size_t tag_count;       /* at most CACHE_WRITE_TAGS_MAX */
    const struct cache_total *totals;
    size_t total_count;            /* at most CACHE_WRITE_TOTALS_MAX */
    struct cache_written *written; /* NULL: none */
    const struct str *own;         /* both set before cache_write_end */
    size_t own_count;              /* at most CACHE_WRITE_OWN_MAX */
    /* OK: send the write. UNAVAILABLE, BUSY: neither Redis nor MongoDB took the fence; the write is
     * not begun and done is not called. */
    void (*ready)(struct cache_write *write, enum err err);
    void (*done)(struct cache_write *write);
    void *context;

    /* Set in ready: the monotonic time after which the write must not be sent to MongoDB. May be
     * past already. */
    int64_t send_by_ns;
    /* Set in done. OK: acknowledge the write. UNKNOWN: it may have happened, but its invalidation
     * could not be recorded; do not acknowledge it. */
    enum err err;
    struct write_state *state;
};

/* Both may call back before they return. */
void cache_write_begin(struct cache *cache, struct cache_write *write);
/* outcome: OK, the write happened; UNKNOWN, it may have; any other, it did not. */
void cache_write_end(struct cache_write *write, enum err outcome);
/* Whether the write may still be sent to MongoDB: later, its fence could expire before the write
 * ends. From any thread, between begin and end. */
bool cache_write_in_time(const struct cache_write *write);

/* --- Changes of other programs --- */

/* A change by another program, which the database reports once a majority has it, gives its tags
 * new versions. No fence is needed: a fill reads the versions before it asks MongoDB. A fill that
 * missed the change carries older versions, whenever it is stored; a fill that carries the new ones
 * asked after the change.
 *
 * An event of one of Larder's own writes (cache_write.own) moves no tags: the write moves them
 * itself, behind its fence. */
struct cache_event {
    struct str own;   /* the mark, as in cache_write.own */
    struct str clear; /* a mark to delete; empty: none */
    struct str tags;  /* its tags' numbers in cache_move.tags, counted from 1: "1,4,7" */
};
enum { CACHE_MOVE_TAGS_MAX = 400, CACHE_MOVE_EVENTS_MAX = 200 };

struct cache_move {
    const struct str *tags;
    const char *always; /* for each tag '1' (always moved) or '0' (moved if an event has no mark) */
    size_t tag_count;   /* at most CACHE_MOVE_TAGS_MAX */
    const struct cache_event *events;
    size_t event_count; /* at most CACHE_MOVE_EVENTS_MAX */
    /* After an error, some tags may have been moved. */
    void (*done)(struct cache_move *move, enum err err);
    void *context;
    struct cache *cache; /* the cache's own */
};
/* Whether tags can be moved now: Redis is ready, and this worker knows the current epoch. */
bool cache_can_move(const struct cache *cache);
/* Moves the tags by one script. The caller keeps the struct, and all it points to, until done,
 * which is never called inside this call.
 */
void cache_move(struct cache *cache, struct cache_move *move);
/* Tells the cache whether a follower runs: only then are own writes marked. */
void cache_followed(struct cache *cache, bool followed);

/* After Redis was away, no entry is served from it until the follower has caught up, or for 4 s. In
 * the hash "<prefix>:follow:state", `at` is the time, by Redis' clock, up to which the follower has
 * moved the tags of all changes. */
#define CACHE_FOLLOW_STATE "follow:state"

/* --- Without MongoDB --- */

/* The collection of pending invalidations. A worker that cannot read it serves nothing from Redis.
 */
#define CACHE_COLLECTION "larder_pending"

/* Whether the cache may hold, and serve, entries older than age_ms. */
bool cache_keeps(const struct cache *cache, int64_t age_ms);

/* --- Wiring --- */

/* For struct redis_config: on_connect, on_state and on_refused of the client that the cache
 * borrows.
 */
void cache_redis_connect(struct cache *cache, struct redis *redis);
void cache_redis_state(struct cache *cache, struct redis *redis);
void cache_redis_refused(struct cache *cache, struct redis *redis);

/* Grows whenever Redis was restarted or replaced by another one. */
uint64_t cache_epoch(const struct cache *cache);

/* Why answers are not cached, for people: "MGET is refused: NOPERM …". Empty while look-ups, fences
 * and the host's listener work. Valid until the loop turns. */
struct str cache_reason(const struct cache *cache);

/* Whether this process agrees with the installation's other members (cache/member.h). Ask before
 * cache_join, which begins to serve. */
enum cache_agreement { CACHE_UNASKED, CACHE_NO_ANSWER, CACHE_WAITING, CACHE_AGREED, CACHE_APART };
enum cache_agreement cache_agreement(const struct cache *cache);
void cache_join(struct cache *cache);
/* Whether caching is off everywhere because a change of addresses is under way. */
bool cache_is_changing(const struct cache *cache);
/* Why caching is off, naming both installations; empty while it is on. */
struct str cache_apart(const struct cache *cache);

#endif
