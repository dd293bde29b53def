/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_FOLLOW_FOLLOWER_H
#define LARDER_FOLLOW_FOLLOWER_H

/* Inside of follow/: what its files share. */

#include <stdatomic.h>

#include "app/plan.h"
#include "cache/cache.h"
#include "follow/follow.h"
#include "mongo/changes.h"
#include "mongo/collection.h"
#include "redis/redis.h"

enum {
    FOLLOW_WAIT_MS = 200,     /* for changes, on the thread */
    FOLLOW_AGAIN_MS = 250,    /* between two tries */
    FOLLOW_SAVE_MS = 500,     /* between two positions that are kept while there are changes */
    FOLLOW_IDLE_MS = 10000,   /* the same while there are none */
    FOLLOW_SLACK_MS = 1500,   /* how old the last contact is at most while all is well */
    FOLLOW_BEHIND_MS = 5000,  /* and from when on it counts as behind */
    FOLLOW_JOIN_MS = 10,      /* between two scripts of one resource */
    FOLLOW_REFUSED_MS = 60000 /* between two complaints, and tries of what was refused */
};

/* What is counted, as kind="…". */
enum follow_kind {
    KIND_INSERT,
    KIND_UPDATE,
    KIND_REPLACE,
    KIND_DELETE,
    KIND_DROP, /* and rename, and the end of a stream: all tags are moved */
    KIND_TIME, /* found by its time */
    FOLLOW_KINDS
};
extern const char *const follow_kinds[FOLLOW_KINDS];

/* --- moves.c: tags that are to be moved, from the thread to Redis --- */

enum { MOVES_CHANGE_TAGS = 64 };

/* The tags of one change; the strings are copied. */
struct moves_change {
    struct str tags[MOVES_CHANGE_TAGS];
    size_t tag_count;
    struct str own, clear; /* as cache_event has them; own is empty where it cannot be ours */
    int64_t wall_ms;       /* 0: not known */
};

struct moves;

/* Lanes are resources by their indexes, and one more for people.  Each has one script under way at
 * most, and one every FOLLOW_JOIN_MS. */
struct moves *moves_new(uv_loop_t *loop, struct cache *cache, struct redis *redis,
                        const struct plan *plans, size_t plan_count);
/* On the thread.  False when there is no room: later.  Where changes of a resource come faster than
 * they can be moved for 150 ms, all of its tags are. */
bool moves_add(struct moves *moves, size_t lane, const struct moves_change *change);
/* All tags of the resource. */
void moves_all(struct moves *moves, size_t lane);
/* How many have been added, and how many of these, from the first on, have been moved. */
int64_t moves_added(struct moves *moves);
int64_t moves_moved(struct moves *moves);
/* On the loop: what is not under way is another's now. */
void moves_drop(struct moves *moves);
/* The longest time from a change to its move since the last call, in ms; -1: there was none. */
int64_t moves_lag_ms(struct moves *moves, size_t lane);
void moves_stop(struct moves *moves, void (*done)(void *context), void *context);
void moves_free(struct moves *moves);

/* --- The follower --- */

enum follow_way { WAY_OFF, WAY_STREAMS, WAY_TIMES };
enum complaint {
    COMPLAINT_REFUSED, /* the user may not watch the database */
    COMPLAINT_CANNOT,
    COMPLAINT_NONE, /* the server has no change streams: no failure, where nobody asked for them */
    COMPLAINTS
};

struct follow_lane {
    _Atomic uint64_t counts[FOLLOW_KINDS]; /* not sent to Redis yet */
    int64_t lag_ms;                        /* of the last changes; on the loop */
    int64_t lag_until_ms;                  /* monotonic: it is the lag until then */
    int64_t asked_ms;                      /* by times: when it was asked last, wall clock; 0:
                                              not known; the thread's */
    bool limited, voided;                  /* see limits.c */
    int64_t limited_ms;
};

/* One field of the state in Redis. */
struct follow_field {
    struct str name, value;
};

struct follow {
    uv_loop_t *loop;
    struct follow_config config;
    const struct schema *schema;
    struct app *app;
    struct cache *cache;
    struct mongo *mongo;
    struct redis *redis;
    struct plan *plans;
    size_t plan_count; /* lanes: one more, for people */
    struct arena arena;
    struct follow_lane *lanes;
    struct moves *moves;
    uv_timer_t beat;
    uv_async_t ended;
    char token[16];
    bool asking, stopping;
    void (*stopped)(void *context);
    void *stopped_context;
    unsigned handles;

    /* The thread. */
    uv_thread_t thread;
    bool running;                      /* it is there; the loop's */
    int64_t contact_ms, contact_moves; /* all seen until then, once so many moved; the loop's */
    int64_t at_ms;                     /* the last one of which that holds; 0: there is none */
    atomic_bool stop;                  /* it is to end */
    atomic_bool gone;                  /* it has */
    _Atomic int64_t redis_ms;          /* Redis' clock, as of its last answer */
    _Atomic int64_t seen_ms,
        seen_moves; /* all before that time of it was seen, so many moves ago */
    _Atomic uint64_t resets;
    bool lost;                         /* the position is: the thread's */
    atomic_bool refused;               /* it cannot follow as it should */
    atomic_int way;                    /* of all: WAY_STREAMS, WAY_TIMES or WAY_OFF */
    int64_t complained_ms[COMPLAINTS]; /* the last time; monotonic; the thread's */

    /* What Redis says about the follower, this worker or another. */
    struct arena told;
    struct follow_field *fields;
    size_t field_count;
    int64_t started_ms; /* monotonic */
    int64_t told_at_ms; /* the same; 0: nothing yet */
    int64_t told_redis_ms;
    bool leads;
    bool said; /* which way it goes, by what the server says; see ways.c */
    enum err said_err;
};

static inline bool follow_is_over(struct follow *follow)
{
    return atomic_load(&follow->stop);
}
void follow_count(struct follow *follow, size_t lane, enum follow_kind kind);
/* On the thread: sleeps so many ms, or less when the thread is to end. */
void follow_sleep(struct follow *follow, int64_t ms);
/* Adds, waiting for room. */
void follow_move(struct follow *follow, size_t lane, const struct moves_change *change);
/* The tags of all resources. */
void follow_reset(struct follow *follow);
/* The time by Redis' clock, to be taken before MongoDB is queried; and, after the query: all
 * changes before that time have been added. */
int64_t follow_clock(struct follow *follow);
void follow_seen(struct follow *follow, int64_t redis_ms);
/* Which way it goes from now on. */
void follow_goes(struct follow *follow, enum follow_way way);
/* Says why, each of them once a minute. */
void follow_complain(struct follow *follow, enum complaint complaint, const char *why);

/* change_tags.c.  False when the change bears on nothing.  Strings belong to the arena. */
bool tags_of_change(const struct plan *plan, const struct change *change, struct arena *arena,
                    struct moves_change *tags);
/* What was found by its time: how it was before is not known. */
struct found {
    struct value id, version, time, owner;
};
void tags_of_found(const struct plan *plan, const struct found *found, struct arena *arena,
                   struct moves_change *tags);
bool tags_of_people(const struct change *change, struct arena *arena, struct moves_change *tags);
enum follow_kind tags_kind(enum change_kind kind);

/* beat.c: on the loop.  Tries for the lock, or gives it away, and tells Redis how far the follower
 * is; the answer is whether this worker has the lock, Redis' clock and the state. */
void beat_send(struct follow *follow, bool want, redis_callback *told);

/* position.c: on the thread.  NOT_FOUND: none is kept. */
enum err position_load(struct mongo_db *db, struct str name, struct buf *token, int64_t *time_ms);
enum err position_save(struct mongo_db *db, struct str name, struct str token, int64_t time_ms);

/* change_stream.c, times.c: on the thread, until it is to end or something goes wrong. */
enum err stream_run(struct follow *follow, struct mongo_db *db, const char **why);
/* why: there are no change streams. */
enum err times_run(struct follow *follow, struct mongo_db *db, const char *why, int64_t until_ms);

/* figures.c: what the app shows. */
struct str figures_way(void *context);
void figures_metrics(void *context, struct buf *out);
void figures_status(void *context, struct buf *out);
/* How long the last contact was ago; INT64_MAX: there was none. */
int64_t figures_age_ms(const struct follow *follow);
/* Of the state's field; empty where there is none. */
struct str figures_field(const struct follow *follow, struct str name);
/* Whether what others write in this resource is seen in time. */
bool figures_follows(const struct follow *follow, size_t lane);

/* ways.c: logs the way of each resource. */
extern const char *const way_names[];
void ways_say(struct follow *follow);
void ways_say_off(const struct follow *follow);

/* limits.c: TTLs while nobody follows. */
void limits_apply(struct follow *follow);

#endif
