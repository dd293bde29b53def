/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_FOLLOW_FOLLOWER_H
#define LARDER_FOLLOW_FOLLOWER_H

/* Inside of follow/: shared by its files. */

#include <stdatomic.h>

#include "app/plan.h"
#include "cache/cache.h"
#include "follow/follow.h"
#include "mongo/changes.h"
#include "mongo/collection.h"
#include "redis/redis.h"

enum {
    FOLLOW_WAIT_MS = 200,     /* the thread's wait for changes */
    FOLLOW_AGAIN_MS = 250,    /* between two tries */
    FOLLOW_SAVE_MS = 500,     /* between two stored positions while there are changes */
    FOLLOW_IDLE_MS = 10000,   /* the same without changes */
    FOLLOW_SLACK_MS = 1500,   /* how old the last contact normally is, at most */
    FOLLOW_BEHIND_MS = 5000,  /* age of the last contact from which it counts as behind */
    FOLLOW_JOIN_MS = 10,      /* between two scripts of one resource */
    FOLLOW_REFUSED_MS = 60000 /* between two log lines, and two tries, after a refusal */
};

/* Kinds of changes, the label kind="…". */
enum follow_kind {
    KIND_INSERT,
    KIND_UPDATE,
    KIND_REPLACE,
    KIND_DELETE,
    KIND_DROP, /* also rename and the end of a stream: moves all tags */
    KIND_TIME, /* found by its time */
    FOLLOW_KINDS
};
extern const char *const follow_kinds[FOLLOW_KINDS];

/* --- moves.c: the queue of tags to move, from the thread to Redis --- */

enum { MOVES_CHANGE_TAGS = 64 };

/* The tags of one change; the strings are copied. */
struct moves_change {
    struct str tags[MOVES_CHANGE_TAGS];
    size_t tag_count;
    struct str own, clear; /* as in cache_event; own is empty if the change cannot be Larder's */
    int64_t wall_ms;       /* 0: not known */
};

struct moves;

/* A lane for each resource, by its index, and one for people. Each runs at most one script at a
 * time, and one every FOLLOW_JOIN_MS. */
struct moves *moves_new(uv_loop_t *loop, struct cache *cache, struct redis *redis,
                        const struct plan *plans, size_t plan_count);
/* On the thread. Returns false if there is no room: try later. If changes of a resource come faster
 * than their tags can be moved for 150 ms, all of its tags are moved. */
bool moves_add(struct moves *moves, size_t lane, const struct moves_change *change);
/* Moves all tags of the resource. */
void moves_all(struct moves *moves, size_t lane);
/* The number of changes added, and how many of them, from the first on, have been moved. */
int64_t moves_added(struct moves *moves);
int64_t moves_moved(struct moves *moves);
/* On the loop: drops what is not under way, for another follower to move. */
void moves_drop(struct moves *moves);
/* The longest time from a change to its move since the last call, in ms; -1: no change. */
int64_t moves_lag_ms(struct moves *moves, size_t lane);
void moves_stop(struct moves *moves, void (*done)(void *context), void *context);
void moves_free(struct moves *moves);

/* --- The follower --- */

enum follow_way { WAY_OFF, WAY_STREAMS, WAY_TIMES };
enum complaint {
    COMPLAINT_REFUSED, /* the user may not watch the database */
    COMPLAINT_CANNOT,
    COMPLAINT_NONE, /* the server has no change streams, which is normal */
    COMPLAINTS
};

struct follow_lane {
    _Atomic uint64_t counts[FOLLOW_KINDS]; /* not sent to Redis yet */
    int64_t lag_ms;                        /* of the last changes; on the loop */
    int64_t lag_until_ms;                  /* monotonic: lag_ms is valid until then */
    int64_t asked_ms;     /* by times: the last query, wall clock; 0: none; the thread's */
    bool limited, voided; /* see limits.c */
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
    bool running; /* the thread exists; the loop's */
    int64_t contact_ms,
        contact_moves;        /* all was seen until then, once this many are moved; the loop's */
    int64_t at_ms;            /* the last contact_ms for which that holds; 0: none */
    atomic_bool stop;         /* the thread shall end */
    atomic_bool gone;         /* the thread has ended */
    _Atomic int64_t redis_ms; /* Redis' clock, as of its last answer */
    _Atomic int64_t seen_ms,
        seen_moves; /* by Redis' clock, until when all was seen, and the number of moves by then */
    _Atomic uint64_t resets;
    bool lost;                         /* the position is lost; the thread's */
    atomic_bool refused;               /* the follower was refused */
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
    bool said; /* the way was logged; see ways.c */
    enum err said_err;
};

static inline bool follow_is_over(struct follow *follow)
{
    return atomic_load(&follow->stop);
}
void follow_count(struct follow *follow, size_t lane, enum follow_kind kind);
/* On the thread: sleeps for ms, or until the thread shall end. */
void follow_sleep(struct follow *follow, int64_t ms);
/* Adds a change, waiting for room. */
void follow_move(struct follow *follow, size_t lane, const struct moves_change *change);
/* Moves the tags of all resources. */
void follow_reset(struct follow *follow);
/* follow_clock: the time by Redis' clock; call before MongoDB is queried. follow_seen: call after
 * the query, once all changes before that time were added. */
int64_t follow_clock(struct follow *follow);
void follow_seen(struct follow *follow, int64_t redis_ms);
/* Sets the way from now on. */
void follow_goes(struct follow *follow, enum follow_way way);
/* Logs the reason, each kind once a minute. */
void follow_complain(struct follow *follow, enum complaint complaint, const char *why);

/* change_tags.c.  Sets the tags of a change. False if it affects none. Strings are in the arena. */
bool tags_of_change(const struct plan *plan, const struct change *change, struct arena *arena,
                    struct moves_change *tags);
/* A document found by its time; its previous state is unknown. */
struct found {
    struct value id, version, time, owner;
};
void tags_of_found(const struct plan *plan, const struct found *found, struct arena *arena,
                   struct moves_change *tags);
bool tags_of_people(const struct change *change, struct arena *arena, struct moves_change *tags);
enum follow_kind tags_kind(enum change_kind kind);

/* beat.c: on the loop. Acquires, renews or releases the lock and writes the follower's state to
 * Redis; the reply has whether this worker holds the lock, Redis' clock and the state. */
void beat_send(struct follow *follow, bool want, redis_callback *told);

/* position.c: on the thread.  NOT_FOUND: none is stored. */
enum err position_load(struct mongo_db *db, struct str name, struct buf *token, int64_t *time_ms);
enum err position_save(struct mongo_db *db, struct str name, struct str token, int64_t time_ms);

/* change_stream.c, times.c: on the thread, until the thread shall end or an error. */
enum err stream_run(struct follow *follow, struct mongo_db *db, const char **why);
/* why: there are no change streams. */
enum err times_run(struct follow *follow, struct mongo_db *db, const char *why, int64_t until_ms);

/* figures.c: for struct app_follow. */
struct str figures_way(void *context);
void figures_metrics(void *context, struct buf *out);
void figures_status(void *context, struct buf *out);
/* Age of the last contact; INT64_MAX: none yet. */
int64_t figures_age_ms(const struct follow *follow);
/* The value of a field of the state, or empty. */
struct str figures_field(const struct follow *follow, struct str name);
/* Whether other programs' writes to this resource are seen in time. */
bool figures_follows(const struct follow *follow, size_t lane);

/* ways.c: logs how each resource is followed. */
extern const char *const way_names[];
void ways_say(struct follow *follow);
void ways_say_off(const struct follow *follow);

/* limits.c: limits TTLs while nobody follows. */
void limits_apply(struct follow *follow);

#endif
