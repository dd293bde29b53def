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
    bool close_after; /* when what is unsent has been sent */
    bool retired;     /* shut for reading; what has come is answered */
    struct backlog unsent, unread;
    struct exchange *sending; /* what is unsent is its response's rest */
    bool flowing, flow_busy;  /* its response goes on; its owner is at work in it */
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
/* Sets the deadline of what is waited for now: anew when that is something else than before, or
 * when it is a limit on silence and the peer was not silent. */
void connection_set_deadline(struct connection *connection, bool renewed);
/* Between two requests: a connection that is not to be kept goes. */
void connection_between_requests(struct connection *connection);
/* Looks at what may have come behind the request that is answered now. */
void connection_go_on(struct connection *connection);
/* Whether it is closed with the answer that is sent now, unlike what its peer expects. */
bool connection_is_last(const struct connection *connection);
void connection_add_headers(const struct connections *all, struct request *request);
void connection_count_status(unsigned status);
void connection_on_finish(struct request *request);

/* connection_flow.c */
struct flow *connection_on_flow(struct request *request, const struct flow_owner *owner);
/* Its client has taken all that waited for it: likewise. */
void connection_flow_drained(struct connection *connection);
/* Its client has gone: tells the flow's owner. */
void connection_flow_lost(struct connection *connection);

#endif
