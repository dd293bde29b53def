/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_LIVE_LIVE_H
#define LARDER_LIVE_LIVE_H

#include <uv.h>

#include "base/buf.h"
#include "http/flow.h"
#include "live/tagset.h"

/* Live answers.  A stream tells its client when the entity tag of an answer becomes another.  Each
 * answer that is watched is a watch, which all its streams share: it holds the versions of the
 * answer's tags and sleeps.  The hub looks at the host's table of tags every 20 ms, as
 * long as there are streams; a tag that has moved wakes its watches, and these alone.  What wakes a
 * watch within JOIN_MS is one look: the answer is asked for anew, once for all its streams, and
 * they get an event when it has another entity tag.
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
 * While writes may be missed, the streams get "uncertain" and nothing is looked at; afterwards
 * every answer is looked at and sent, moved or not.
 *
 * Everything here runs on the loop's thread. */

struct hub;
struct watch;

/* Why the promise does not hold now. */
enum doubt { DOUBT_NONE, DOUBT_REDIS, DOUBT_MEMORY, DOUBT_MONGO };

struct hub_config {
    const struct memory *memory; /* borrowed */
    size_t streams;              /* at most */
    size_t per_client;           /* of one client, over all workers of the host */
    /* Asks for the answer that a watch is of: calls hub_seen() once, now or later.  target is what
     * hub_open() was given; etag the last one known, or empty. */
    void (*look)(void *context, struct watch *watch, struct str target, struct str etag);
    /* As far as is known at the moment. */
    enum doubt (*doubt)(void *context);
    void *context;
};

/* What a look has found. */
struct seen {
    unsigned status;
    struct str etag; /* of 200 and 304 */
    bool settled;    /* versions say all about it */
    int64_t ends_ms; /* wall clock: when the sign-in that it needs ends; 0: it needs none */
    const struct tagset *tags;
};

struct hub *hub_new(uv_loop_t *loop, const struct hub_config *config);
/* Closes its timer, then done(context). */
void hub_stop(struct hub *hub, void (*done)(void *context), void *context);
/* When no look is under way any more. */
void hub_free(struct hub *hub);

/* Ends all streams, each with another time to come back after; from now on none is admitted. */
void hub_drain(struct hub *hub);

/* Whether one more stream of this client (a hash of its address) may be opened: 0, or the status
 * that it is refused with, 429 or 503.  One that is admitted must be opened. */
unsigned hub_admit(struct hub *hub, uint64_t client);
/* "retry: 2345\n\n": what a stream begins with, another for each; and a whole body that refuses one
 * with this status. */
void hub_put_retry(struct buf *out);
void hub_put_refusal(struct buf *out, unsigned status);

/* One answer, which has just been found: its stream.  request is one whose response has status and
 * header lines; it is given up as by request_flow(), so nothing else may lie in it.  target
 * (copied) is what the answer is asked for by: equal bytes, the same answer.  known: what the
 * client knows already. */
void hub_open(struct hub *hub, struct request *request, uint64_t client, struct str target,
              const struct seen *seen, bool known);

/* Several answers, none of which has been looked at.  paths is copied, after the request was given
 * up. */
struct hub_path {
    struct str name;   /* as the client wrote it, as JSON */
    struct str target; /* as above */
    unsigned status;   /* of a path that is refused; else 0 */
};
void hub_open_paths(struct hub *hub, struct request *request, uint64_t client,
                    const struct hub_path *paths, size_t count);

void hub_seen(struct hub *hub, struct watch *watch, const struct seen *seen);

#endif
