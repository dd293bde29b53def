/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_LIVE_LIVE_H
#define LARDER_LIVE_LIVE_H

#include <uv.h>

#include "base/buf.h"
#include "http/flow.h"
#include "live/tagset.h"

/* Live answers.  A stream sends an event when the entity tag of an answer changes. Each watched
 * answer has one watch, shared by its streams, which holds the versions of the answer's tags and
 * sleeps.  The hub looks at the host's table of tags every 20 ms, while there are streams; a tag
 * that moved wakes only its own watches. All that wakes a watch within JOIN_MS causes one look: the
 * answer is requested once for all its streams, which get an event if its entity tag changed.
 *
 * Why no acknowledged write is missed.  A write gives its tags new versions in the table before it
 * is acknowledged (a write of another host: when its message comes).  A watch takes the versions
 * first, then looks, and then sleeps by what it took.  So a write whose version it took was
 * done before the look, and is in the answer that it found; any other write has a version that the
 * watch does not hold, and wakes it, even during the look.  Where versions are not enough (a fence,
 * a pending invalidation, Redis young or away), the answer may be older than a write whose version
 * was taken: such a look is repeated.  tests/model/test_live.c tries all
 * interleavings of this.
 *
 * While writes may be missed, streams get "uncertain" and no look begins; afterwards every answer
 * is looked at and sent.
 *
 * Everything here runs on the loop's thread. */

struct hub;
struct watch;

/* Why the promise does not hold at the moment. */
enum doubt { DOUBT_NONE, DOUBT_REDIS, DOUBT_MEMORY, DOUBT_MONGO };

struct hub_config {
    const struct memory *memory; /* borrowed */
    size_t streams;              /* at most */
    size_t per_client;           /* of one client, over all workers of the host */
    /* Requests the answer of a watch and calls hub_seen() once, now or later. target: as given to
     * hub_open(); etag: the last one known, or empty. */
    void (*look)(void *context, struct watch *watch, struct str target, struct str etag);
    /* The current doubt. */
    enum doubt (*doubt)(void *context);
    void *context;
};

/* The result of a look. */
struct seen {
    unsigned status;
    struct str etag; /* of 200 and 304 */
    bool settled;    /* the versions of its tags are sufficient */
    int64_t ends_ms; /* wall clock, when the session it needs ends; 0: needs none */
    const struct tagset *tags;
};

struct hub *hub_new(uv_loop_t *loop, const struct hub_config *config);
/* Closes the timer, then calls done(context). */
void hub_stop(struct hub *hub, void (*done)(void *context), void *context);
/* Call when no look is under way. */
void hub_free(struct hub *hub);

/* Ends all streams, each with another retry time. From now on none is admitted. */
void hub_drain(struct hub *hub);

/* Whether one more stream of this client (a hash of its address) may be opened: 0, or the status
 * that it is refused with, 429 or 503.  An admitted stream must be opened. */
unsigned hub_admit(struct hub *hub, uint64_t client);
/* Appends the start of a stream, "retry: 2345\n\n", with a random time; and a whole body that
 * refuses one with this status. */
void hub_put_retry(struct buf *out);
void hub_put_refusal(struct buf *out, unsigned status);

/* Opens the stream of one answer. request: its response has status and header lines; it is given up
 * as by request_flow(), so the other arguments must not point into it. target (copied): identifies
 * the answer. known: the client has this answer already. */
void hub_open(struct hub *hub, struct request *request, uint64_t client, struct str target,
              const struct seen *seen, bool known);

/* Opens a stream of several answers, none looked at yet. paths is copied after the request was
 * given up, so it must not point into it. */
struct hub_path {
    struct str name;   /* as the client wrote it, as JSON */
    struct str target; /* as above */
    unsigned status;   /* of a refused path; else 0 */
};
void hub_open_paths(struct hub *hub, struct request *request, uint64_t client,
                    const struct hub_path *paths, size_t count);

void hub_seen(struct hub *hub, struct watch *watch, const struct seen *seen);

#endif
