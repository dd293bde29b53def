/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_CONNECTION_H
#define LARDER_GATEWAY_CONNECTION_H

#include "gateway/backlog.h"
#include "gateway/connections.h"
#include "gateway/intake.h"
#include "http/flow.h"

/* Inside of gateway/: one connection. */

struct connection {
    uv_poll_t poll;
    struct connections *all;
    struct connection *next, **link;
    uint64_t deadline;
    int fd;
    enum phase phase;
    bool closing;
    bool close_after; /* close once unsent is empty */
    bool retired;     /* no longer read; requests that have arrived are answered */
    struct backlog unsent, unread;
    struct exchange *sending; /* the exchange whose response is in unsent */
    bool flowing, flow_busy;  /* a stream; its owner is being called */
    struct flow flow;
    struct intake intake;
};

static inline bool connection_is_blocked(const struct connection *connection)
{
    return !backlog_is_empty(&connection->unsent);
}

/* connection.c */
void connection_close(struct connection *connection);
/* May close it. */
void connection_send(struct connection *connection, struct iovec *vectors, size_t count,
                     bool lasting);
/* Sets the deadline for the current phase: anew if the phase changed, or if the limit is on silence
 * and the peer sent something. */
void connection_set_deadline(struct connection *connection, bool renewed);
/* Between two requests: closes a connection that is not kept. */
void connection_between_requests(struct connection *connection);
/* Processes what may have arrived after the answered request. */
void connection_go_on(struct connection *connection);
/* Whether the connection closes after this answer, although its peer asked to keep it. */
bool connection_is_last(const struct connection *connection);
void connection_add_headers(const struct connections *all, struct request *request);
void connection_count_status(unsigned status);
void connection_on_finish(struct request *request);

/* connection_flow.c */
struct flow *connection_on_flow(struct request *request, const struct flow_owner *owner);
/* The client has read all waiting bytes: tells the flow's owner. */
void connection_flow_drained(struct connection *connection);
/* The client is gone: tells the flow's owner. */
void connection_flow_lost(struct connection *connection);

#endif
