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
    struct str secret; /* that entries in Redis are sealed with; may be empty */
    bool follows;      /* a follower may run for the cache */
    bool listens; /* may become this host's listener, and sends heartbeats to the installation: for
                     those whose loop is never blocked */
    struct str redis_name, mongo_name; /* as other workers see it; without secrets */
    struct str sessions; /* the collection that is emptied when a backup was restored */
};

/* Borrows all three for its life; memory is never NULL (it may hold tags only). */
struct cache *cache_new(uv_loop_t *loop, const struct cache_config *config, struct redis *redis,
                        struct mongo *mongo, struct memory *memory);
/* Gives the lease away and stops the timers; done is called when the loop holds nothing of it. */
void cache_stop(struct cache *cache, void (*done)(void *context), void *context);
/* After cache_stop's done, and when redis and mongo are closed: their last callbacks come here. */
void cache_free(struct cache *cache);

/* --- Reading --- */

/* How long the answers of one kind are kept. */
struct cache_class {
    int64_t ttl_ms;     /* life in Redis, ±10 %; 0: answers are not kept */
    int64_t refresh_ms; /* the last part of it, in which hits are served while one refill runs */
    int64_t error_ms;   /* how long past that an answer is kept while MongoDB is away */
    bool negative;      /* absence (404) is cached as well */
    bool guessed;       /* clients can make names up, and absence is not cached */
};

/* EDGE: memory, by the web server itself. */
enum cache_source { CACHE_MEMORY, CACHE_EDGE, CACHE_REDIS, CACHE_DATABASE };
/* For Cache-Status (RFC 9211). */
enum cache_detail {
    CACHE_DETAIL_NONE,
    CACHE_DETAIL_STORED,    /* a miss, and the answer is kept */
    CACHE_DETAIL_COLLAPSED, /* waited for another request's fill */
    CACHE_DETAIL_NOT_KEPT,  /* answers of this class are not */
    CACHE_DETAIL_REDIS_DOWN,
    CACHE_DETAIL_APART,     /* another cache serves the database, or the other way round */
    CACHE_DETAIL_READ_ONLY, /* Redis is full or takes no writes: stored in memory only */
    CACHE_DETAIL_WRITE_FENCE,
    CACHE_DETAIL_PENDING, /* an invalidation of a tag is pending */
    CACHE_DETAIL_YOUNG,   /* Redis has lost its memory within the last 5 s */
    CACHE_DETAIL_TOO_LARGE,
    CACHE_DETAIL_STALE, /* past its fresh time, refilled in the background */
    CACHE_DETAIL_STALE_IF_ERROR
};

struct cache_fill;

/* What a look-up asks, and what it gets.  The caller keeps it, and what it points to, until done.
 */
struct cache_lookup {
    struct str name;                 /* "product:65a…": what follows prefix and epoch in Redis */
    struct str tags[ENTRY_TAGS_MAX]; /* "products:books": what follows "tag:" */
    size_t tag_count;
    const struct cache_class *class;
    bool want_gzip; /* entry.gzip will do; from memory only one of the two bodies is copied */
    bool head_only; /* the head is enough when the tag below matches: entry.plain stays empty */
    struct str if_none_match; /* with head_only: its one entity tag, as in the request */
    struct buf *room;         /* a memory hit's bytes are copied here */

    /* Asks the database: called at most once; must end in cache_fill_done, now or later. */
    void (*fill)(struct cache_lookup *lookup, struct cache_fill *fill);
    /* Makes a look-up that outlives this one, with all that fill needs, for a refill in the
     * background (NULL: none is made); its done is never called, it ends with detached_free. */
    struct cache_lookup *(*detach)(const struct cache_lookup *lookup);
    void (*detached_free)(struct cache_lookup *lookup);
    /* The answer; err OK: entry is valid during the call.  May be called inside cache_get. */
    void (*done)(struct cache_lookup *lookup);
    void *context; /* the caller's */

    enum err err; /* UNAVAILABLE, BUSY, TIMEOUT, INTERNAL: the database's */
    struct entry entry;
    enum cache_source source;
    enum cache_detail detail;

    struct lookup_state *state; /* the cache's own */
};

/* What is asked for in one turn of the loop is looked up in Redis by one MGET (128 at most). */
void cache_get(struct cache *cache, struct cache_lookup *lookup);

/* Must be called, from any thread, right before the first question to the database: what has been
 * asked may not be joined by later requests without tags. */
void cache_fill_seal(struct cache_fill *fill);
/* The database's answer.  On ERR_OK entry has status, etag, source_at, plain and gzip set, perhaps
 * with the buffers that they are in (the rest is the cache's); the bytes are borrowed during the
 * call.  Other errors reach every waiter.
 */
void cache_fill_done(struct cache_fill *fill, enum err err, const struct entry *entry);

/* --- Writing --- */

/* A write on some tags: cache_write_begin fences them and calls ready; the caller then asks MongoDB
 * and calls cache_write_end with the outcome; when that calls done, the write may be acknowledged.
 * The caller keeps the struct and the tags until done. */
enum { CACHE_WRITE_TAGS_MAX = 420, CACHE_WRITE_TOTALS_MAX = 104 };

/* A cached total that the write updates instead of invalidating it.  name is its entry, whose body
 * is a decimal number; its first tag is the write's tags[tag], and its other tags do not move.  If
 * it was valid before, and no other write came under that tag, it is valid after a write that
 * happened, with delta added. */
struct cache_total {
    struct str name;
    size_t tag;
    int64_t delta; /* to be known when cache_write_end is called */
};

/* The item that a write changes, as an entry that its release stores, so that the read after it
 * finds it.  It is stored only if nobody else has changed the item since cache_written_begin. */
struct cache_written {
    struct str name; /* its entry's */
    size_t tag;      /* its first tag is the write's tags[tag], its others do not move */
    const struct cache_class *class;
    struct entry entry; /* status, etag, source_at, plain, gzip: as those of a fill, to be known
                           when cache_write_end is called; status 0: it is not kept */
};
/* Before the item is read from the database: name and class are set. */
void cache_written_begin(struct cache *cache, struct cache_written *written);
/* Whether entry is worth making, so far. */
static inline bool cache_written_is_kept(const struct cache_written *written)
{
    return written->entry.tag_count > 0;
}

/* The marks of this write's changes, by which the follower knows them as our own:
 * "product:65a…:7:1764500000000". */
enum { CACHE_WRITE_OWN_MAX = 100 };

struct cache_write {
    const struct str *tags; /* "products", "products:books", "product:65a…"; no tag twice */
    size_t tag_count;       /* at most CACHE_WRITE_TAGS_MAX */
    const struct cache_total *totals;
    size_t total_count;            /* at most CACHE_WRITE_TOTALS_MAX */
    struct cache_written *written; /* NULL: none */
    const struct str *own;         /* both to be known when cache_write_end is called */
    size_t own_count;              /* at most CACHE_WRITE_OWN_MAX */
    /* err OK: go.  UNAVAILABLE, BUSY: neither Redis nor MongoDB has recorded it; nothing was begun
     * and done will not be called. */
    void (*ready)(struct cache_write *write, enum err err);
    void (*done)(struct cache_write *write);
    void *context;

    /* After ready: monotonic; the write must not be sent to MongoDB later.  May be past already. */
    int64_t send_by_ns;
    /* In done: OK when the client may be answered; UNKNOWN when the write may have happened but
     * nobody could be reached: then it must not be acknowledged. */
    enum err err;
    struct write_state *state;
};

/* Both may call back before they return. */
void cache_write_begin(struct cache *cache, struct cache_write *write);
/* outcome OK: it happened.  UNKNOWN: nobody knows.  Any other: it did not happen. */
void cache_write_end(struct cache_write *write, enum err outcome);
/* Between the two, from any thread: whether the write may still be sent to MongoDB.  Later its
 * fence could end before the write does. */
bool cache_write_in_time(const struct cache_write *write);

/* --- Changes of other programs --- */

/* What others have changed, as the database reports it once a majority has it: the tags get new
 * versions.  That is enough, and needs no fence: a fill takes the versions before it asks MongoDB,
 * so one that did not see the change carries older ones, whenever it is stored; and one that takes
 * the new ones asks after the move, which is later than the change.
 *
 * An event may be that of a write of ours (cache_write.own): its tags stay, for that write has
 * moved, or moves, them itself, behind its fence. */
struct cache_event {
    struct str own;   /* as cache_write.own has it */
    struct str clear; /* an own mark that is void now; empty: none */
    struct str tags;  /* numbers of its tags in cache_move.tags, from 1 on: "1,4,7" */
};
enum { CACHE_MOVE_TAGS_MAX = 400, CACHE_MOVE_EVENTS_MAX = 200 };

struct cache_move {
    const struct str *tags;
    const char *always; /* for each tag '1', moved in any case, or '0', as its events say */
    size_t tag_count;   /* at most CACHE_MOVE_TAGS_MAX */
    const struct cache_event *events;
    size_t event_count; /* at most CACHE_MOVE_EVENTS_MAX */
    /* err other than OK: some may have been moved. */
    void (*done)(struct cache_move *move, enum err err);
    void *context;
    struct cache *cache; /* the cache's own */
};
/* Whether tags can be moved now: Redis is ready, and its names are known to be everybody's. */
bool cache_can_move(const struct cache *cache);
/* One script.  The caller keeps the struct, and what it points to, until done, which comes later.
 */
void cache_move(struct cache *cache, struct cache_move *move);
/* Tells the cache whether a follower runs; only then are own writes marked as such. */
void cache_followed(struct cache *cache, bool followed);

/* After Redis was away, nothing is answered from it until the follower has caught up, or 4 s have
 * passed.  In the hash "<prefix>:follow:state", `at` is the time, by Redis' clock, up to which the
 * follower has moved the tags of all changes. */
#define CACHE_FOLLOW_STATE "follow:state"

/* --- Without MongoDB --- */

/* The collection of pending invalidations: who may not read it can trust nothing in Redis. */
#define CACHE_COLLECTION "larder_pending"

/* Whether the cache may hold entries older than age_ms, and may serve them. */
bool cache_keeps(const struct cache *cache, int64_t age_ms);

/* --- Wiring --- */

/* For struct redis_config: on_connect, on_state and on_refused of the client that the cache
 * borrows.
 */
void cache_redis_connect(struct cache *cache, struct redis *redis);
void cache_redis_state(struct cache *cache, struct redis *redis);
void cache_redis_refused(struct cache *cache, struct redis *redis);

/* Another number whenever Redis is found to be another one, or started anew. */
uint64_t cache_epoch(const struct cache *cache);

/* Why answers are not kept as they should be, for people: "MGET is refused: NOPERM …"; empty when
 * Redis is up, that is, when it does what look-ups, fences and the host's listener need.  Valid
 * until the loop turns. */
struct str cache_reason(const struct cache *cache);

/* Whether this process may keep answers beside all others (cache/member.h): asked before it begins
 * to serve, that is before cache_join. */
enum cache_agreement { CACHE_UNASKED, CACHE_NO_ANSWER, CACHE_WAITING, CACHE_AGREED, CACHE_APART };
enum cache_agreement cache_agreement(const struct cache *cache);
void cache_join(struct cache *cache);
/* Whether nobody keeps anything because a change of addresses is under way. */
bool cache_is_changing(const struct cache *cache);
/* Why nothing is kept, both sides named; empty where something is. */
struct str cache_apart(const struct cache *cache);

#endif
