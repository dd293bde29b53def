/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_LIVE_HUB_H
#define LARDER_LIVE_HUB_H

/* Inside of live/: shared by its files. */

#include <sys/queue.h>

#include "live/event.h"
#include "live/live.h"
#include "live/slots.h"

enum {
    TICK_MS = 20,        /* between two looks at the table of tags */
    JOIN_MS = 100,       /* changes that follow each other within this time are one */
    DOUBT_MS = 250,      /* a shorter doubt is not sent */
    ALIVE_MS = 15000,    /* between two alive events */
    AGAIN_MS = 2000,     /* until an unsettled answer is looked at again */
    TIMED_MS = 200,      /* precision of AGAIN_MS and of the end of a session */
    LOOKS_MAX = 64,      /* looks at a time: requests share MongoDB's queue */
    WAIT_MAX = 64 << 10, /* unsent bytes of a client until it is dropped */
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
    uint64_t told;         /* hash of the entity tag that the client has; 0: none */
    enum doubt doubt;      /* sent last; a change follows it */
    struct str path;       /* as JSON; empty in a stream of one */
};

enum watch_state {
    WATCH_ASLEEP,
    WATCH_JOINING, /* woken; looks at due_ms, after further changes */
    WATCH_READY,   /* waits for its turn to look */
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
    int64_t again_ms; /* wall clock, when to look again; 0: only when woken */
    enum watch_state state;
    uint8_t etag_len; /* 0: unknown */
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

/* Returns the watch of this target, creating it if there is none. */
struct watch *watch_of(struct hub *hub, struct str target);
void watch_join(struct watch *watch, struct part *part);
/* Removes the part. A watch without parts is freed, at the end of its look. */
void watch_leave(struct part *part);
/* Looks again, after JOIN_MS: for slots_poll(). */
void watch_wake(struct watch *watch);
/* Looks again as soon as its turn comes. */
void watch_look(struct watch *watch);
/* Starts the look: asks the application. */
void watch_begin(struct watch *watch);
/* Takes the answer of its look, and sleeps until one of the answer's tags moves. */
void watch_take(struct watch *watch, const struct seen *seen);
/* Its look found no settled answer: looks again soon. */
void watch_retry(struct watch *watch);
/* Whether its last answer is current. */
bool watch_is_current(const struct watch *watch);
/* Frees the watch if it has no parts. */
void watch_release(struct watch *watch);

/* --- Streams: stream.c --- */

struct stream {
    struct hub *hub;
    struct flow *flow; /* NULL: the client is gone; streams_sweep() frees the stream */
    TAILQ_ENTRY(stream) queue;
    LIST_ENTRY(stream) over;
    int64_t alive_ms; /* monotonic, when the next alive event is due */
    uint64_t client;
    size_t count, left; /* parts; parts not over yet */
    char *names;        /* of the parts' paths; NULL in a stream of one */
    struct part parts[];
};
LIST_HEAD(stream_list, stream);
TAILQ_HEAD(stream_queue, stream);

/* Opens a stream of count parts. NULL: the client is gone. */
struct stream *stream_new(struct hub *hub, struct request *request, uint64_t client, size_t count);
void stream_alive(struct stream *stream);
/* Sends a retry time and ends the stream. */
void stream_dismiss(struct stream *stream);
/* Frees streams whose client is gone. Not to be called while iterating over parts. */
void streams_sweep(struct hub *hub);

void part_tell(struct part *part, enum event event, struct event_data data);
/* Sends a change to this entity tag, unless the client has it. */
void part_change(struct part *part, struct str etag);
/* Sends a doubt, unless it was sent last. */
void part_doubt(struct part *part, enum doubt doubt);
/* Ends the part with an event; the stream ends with its last part. */
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
    struct stream_queue streams; /* sorted by alive_ms */
    struct stream_list over;
    size_t count, looks;
    bool draining, beginning;
    enum doubt doubt; /* that was sent */
    enum doubt seen;  /* at the last tick */
    int64_t seen_since_ms;
    int64_t timed_ms; /* when the timed watches are checked next */
    struct buf text;
    void (*stopped)(void *context);
    void *stopped_context;
};

/* A stream was added or freed. */
void hub_count(struct hub *hub, int by);

#endif
