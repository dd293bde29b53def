/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_FLOW_H
#define LARDER_HTTP_FLOW_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* A response whose body is sent in pieces until its client disconnects.  It keeps the connection
 * and none of the request's memory. */

struct flow;
struct request;

/* Whose flow it is. */
struct flow_owner {
    /* The client has disconnected and the flow is freed.  Called from the loop, never inside a
     * function of this file. */
    void (*gone)(void *context);
    /* All bytes have been sent.  Called likewise; may be NULL. */
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

/* Sends the head of the request's response (status and header lines) instead of request_finish();
 * the request must not be used afterwards.  Returns NULL if the client has disconnected. */
struct flow *request_flow(struct request *request, const struct flow_owner *owner);

/* Sends at most RESPONSE_BODY_MAX bytes; copies those that cannot be sent now.  Never waits.
 * ERR_UNAVAILABLE: the client has disconnected, the flow is freed, and `gone` is not called. */
static inline enum err flow_send(struct flow *flow, struct str bytes)
{
    return flow->calls->send(flow, bytes);
}
/* Returns the number of bytes that are not sent yet. */
static inline size_t flow_waiting(const struct flow *flow)
{
    return flow->calls->waiting(flow);
}
/* Ends the response and frees the flow. */
static inline void flow_end(struct flow *flow)
{
    flow->calls->end(flow);
}
/* Closes the connection without ending the response, so that the client sees it as incomplete;
 * frees the flow. */
static inline void flow_cut(struct flow *flow)
{
    flow->calls->cut(flow);
}

#endif
