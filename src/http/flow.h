/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_FLOW_H
#define LARDER_HTTP_FLOW_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* A response whose body comes piece by piece, as long as its client stays.  It holds its connection
 * and none of the request's memory. */

struct flow;
struct request;

/* Whose flow it is. */
struct flow_owner {
    /* The client has gone: the flow is no more.  From the loop, never inside a call of this file.
     */
    void (*gone)(void *context);
    /* It has taken all that waited for it; likewise.  May be NULL. */
    void (*drained)(void *context);
    void *context;
};

/* The gateway's. */
struct flow_calls {
    enum err (*send)(struct flow *flow, struct str bytes);
    size_t (*waiting)(const struct flow *flow);
    void (*end)(struct flow *flow);
    void (*cut)(struct flow *flow);
};
struct flow {
    const struct flow_calls *calls;
    struct flow_owner owner;
};

/* Sends the head of the request's response (status and header lines) in place of request_finish():
 * the request must not be touched afterwards.  NULL: its client has gone already. */
struct flow *request_flow(struct request *request, const struct flow_owner *owner);

/* At most RESPONSE_BODY_MAX bytes, which are copied where they cannot be sent now.  Never waits.
 * ERR_UNAVAILABLE: the client has gone; the flow is no more, and `gone` is not called. */
static inline enum err flow_send(struct flow *flow, struct str bytes)
{
    return flow->calls->send(flow, bytes);
}
/* Bytes that the client has not taken. */
static inline size_t flow_waiting(const struct flow *flow)
{
    return flow->calls->waiting(flow);
}
/* The response is whole; the flow is no more. */
static inline void flow_end(struct flow *flow)
{
    flow->calls->end(flow);
}
/* Closes the connection without an end, so that nobody takes what came for the whole; the flow is
 * no more. */
static inline void flow_cut(struct flow *flow)
{
    flow->calls->cut(flow);
}

#endif
