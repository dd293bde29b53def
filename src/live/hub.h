/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_LIVE_HUB_H
#define LARDER_LIVE_HUB_H

/* Inside of live/: what its files share. */

#include <sys/queue.h>

#include "live/event.h"
#include "live/live.h"
#include "live/slots.h"

enum {
    TICK_MS = 20,        /* between two looks at the table of tags */
    JOIN_MS = 100,       /* changes that follow each other within this time are one */
    DOUBT_MS = 250,      /* a doubt that is over sooner is not sent */
    ALIVE_MS = 15000,    /* between two signs of life */
    AGAIN_MS = 2000,     /* until an answer that is not settled is looked at again */
    TIMED_MS = 200,      /* how exactly that is kept, and the end of a sign-in */
    LOOKS_MAX = 64,      /* under way: MongoDB's queue is for requests too */
    WAIT_MAX = 64 << 10, /* bytes that a client may leave untaken */
    EVENT_MAX = 64 << 10,
    HUB_ETAG_MAX = 48,
    WATCH_BUCKETS = 8192
};

struct stream;

/* --- Watches: watch.c --- */

/* One watch in one stream. */
struct part {
    struct stream *stream;
    struct watch *watch;   /* NULL: it is over */
    LIST_ENTRY(part) next; /* of the same watch */
    uint64_t told;         /* hash of the entity tag that its client knows; 0: none */
    enum doubt doubt;      /* that was sent last: a change follows */
    struct str path;       /* as JSON; empty in a stream of one */
};

enum watch_state {
    WATCH_ASLEEP,
    WATCH_JOINING, /* woken: more may follow until due_ms */
    WATCH_READY,   /* it waits for its turn to look */
    WATCH_LOOKING
};

struct watch {
    struct hub *hub;
    LIST_ENTRY(watch) chain;  /* in the hub's table */
    TAILQ_ENTRY(watch) queue; /* joining or ready */
    LIST_ENTRY(watch) timed;  /* while again_ms is set */
    LIST_HEAD(, part) parts;
    struct tie *ties;
    size_t tie_count;
    uint64_t hash;    /* of its target */
    int64_t due_ms;   /* monotonic */
    int64_t again_ms; /* wall clock: it is looked at again then; 0: when it is woken */
    enum watch_state state;
    uint8_t etag_len; /* 0: nothing is known of it */
    char etag[HUB_ETAG_MAX];
    size_t target_len;
    char target[];
};
LIST_HEAD(watch_list, watch);
TAILQ_HEAD(watch_queue, watch);

static inline struct str watch_etag(const struct watch *watch)
{
    return str_make(watch->etag, watch->etag_len);
}

/* The watch of this target, made where there is none. */
struct watch *watch_of(struct hub *hub, struct str target);
void watch_join(struct watch *watch, struct part *part);
/* The part leaves; a watch that nobody has any more is freed, at the end of its look. */
void watch_leave(struct part *part);
/* Looks again, after JOIN_MS: for slots_poll(). */
void watch_wake(struct watch *watch);
/* Looks again, as soon as it is its turn. */
void watch_look(struct watch *watch);
/* Asks the application. */
void watch_begin(struct watch *watch);
/* Its look has found an answer, and it sleeps by the versions of that. */
void watch_take(struct watch *watch, const struct seen *seen);
/* Its look has found none that could be slept by: it is looked at again soon. */
void watch_retry(struct watch *watch);
/* Whether what is known of it holds at this moment. */
bool watch_is_current(const struct watch *watch);
/* Frees it if nobody has it. */
void watch_release(struct watch *watch);

/* --- Streams: stream.c --- */

struct stream {
    struct hub *hub;
    struct flow *flow; /* NULL: its client has gone, and it is freed by streams_sweep() */
    TAILQ_ENTRY(stream) queue;
    LIST_ENTRY(stream) over;
    int64_t alive_ms; /* monotonic: the next one */
    uint64_t client;
    size_t count, left; /* parts; those that are not over */
    char *names;        /* of the parts' paths; NULL in a stream of one */
    struct part parts[];
};
LIST_HEAD(stream_list, stream);
TAILQ_HEAD(stream_queue, stream);

/* Opens a stream of so many parts; NULL: its client has gone. */
struct stream *stream_new(struct hub *hub, struct request *request, uint64_t client, size_t count);
void stream_alive(struct stream *stream);
/* Tells when to come back, and ends. */
void stream_dismiss(struct stream *stream);
/* Frees those whose client has gone: not while parts are gone through. */
void streams_sweep(struct hub *hub);

void part_tell(struct part *part, enum event event, struct event_data data);
/* Tells that the answer has this entity tag, unless the client knows that. */
void part_change(struct part *part, struct str etag);
/* Sends a doubt, unless the client has had it. */
void part_doubt(struct part *part, enum doubt doubt);
/* Tells that the part is over; so is the stream with its last one. */
void part_end(struct part *part, enum event event, unsigned status);

/* --- All of them: hub.c --- */

struct hub {
    struct hub_config config;
    uv_loop_t *loop;
    uv_timer_t timer; /* runs while there are streams */
    struct slots *slots;
    struct watch_list *watches; /* WATCH_BUCKETS of them */
    struct watch_queue joining, ready;
    struct watch_list timed;
    struct stream_queue streams; /* the next that is due a sign of life comes first */
    struct stream_list over;
    size_t count, looks;
    bool draining, beginning;
    enum doubt doubt; /* that was sent */
    enum doubt seen;  /* at the last tick */
    int64_t seen_since_ms;
    int64_t timed_ms; /* when those that are timed are gone through next */
    struct buf text;
    void (*stopped)(void *context);
    void *stopped_context;
};

/* A stream was added or freed. */
void hub_count(struct hub *hub, int by);

#endif
