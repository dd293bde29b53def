/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_LIVE_EVENT_H
#define LARDER_LIVE_EVENT_H

#include "base/buf.h"
#include "live/live.h"

/* The events of a stream, as text/event-stream. */

enum event {
    EVENT_CHANGE,
    EVENT_GONE,
    EVENT_UNCERTAIN,
    EVENT_ALIVE,
    EVENT_SIGNED_OUT,
    EVENT_REFUSED,
    EVENT_COUNT
};

/* The fields of an event; each event uses some. */
struct event_data {
    struct str path;  /* as JSON; empty in a stream of one answer */
    struct str etag;  /* EVENT_CHANGE */
    enum doubt doubt; /* EVENT_UNCERTAIN */
    unsigned status;  /* EVENT_REFUSED */
};

/* Appends an event and counts it. */
void event_put(struct buf *out, enum event event, const struct event_data *data);
/* Appends "retry: 2345", with a random time. */
void event_put_retry(struct buf *out);

#endif
