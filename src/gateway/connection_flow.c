/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/trace.h"
#include "gateway/connection.h"

/* Responses that go on. */

static bool flow_stop(struct connection *connection)
{
    bool was = connection->flowing;

    connection->flowing = false;
    connection->all->flows -= was;
    return was;
}

/* Its client has gone. */
void connection_flow_lost(struct connection *connection)
{
    if (flow_stop(connection) && !connection->flow_busy)
        connection->flow.owner.gone(connection->flow.owner.context);
}

void connection_flow_drained(struct connection *connection)
{
    const struct flow_owner *owner = &connection->flow.owner;

    if (connection->flowing && owner->drained != NULL)
        owner->drained(owner->context);
}

static struct connection *from_flow(const struct flow *flow)
{
    return (struct connection *)((char *)(uintptr_t)flow - offsetof(struct connection, flow));
}

/* A flow's owner learns of the end of its connection by what its own call returns. */
static bool flow_write(struct connection *connection)
{
    struct fcgi_answer *answer = &connection->all->answer;
    bool was_blocked = connection_is_blocked(connection);

    connection->flow_busy = true;
    connection_send(connection, answer->vectors, answer->count, false);
    connection->flow_busy = false;
    if (connection->closing)
        return false;
    if (!was_blocked)
        connection_set_deadline(connection, true);
    return true;
}

static enum err on_flow_send(struct flow *flow, struct str bytes)
{
    struct connection *connection = from_flow(flow);

    fcgi_answer_part(&connection->all->answer, connection->intake.id, bytes);
    return flow_write(connection) ? ERR_OK : ERR_UNAVAILABLE;
}

static size_t on_flow_waiting(const struct flow *flow)
{
    const struct backlog *unsent = &from_flow(flow)->unsent;

    return unsent->len - unsent->at;
}

static void on_flow_end(struct flow *flow)
{
    struct connection *connection = from_flow(flow);

    (void)flow_stop(connection);
    fcgi_answer_end(&connection->all->answer, connection->intake.id,
                    connection_is_last(connection));
    if (!flow_write(connection))
        return;
    intake_finished(&connection->intake);
    connection_between_requests(connection);
    connection_go_on(connection);
}

static void on_flow_cut(struct flow *flow)
{
    (void)flow_stop(from_flow(flow));
    connection_close(from_flow(flow));
}

struct flow *connection_on_flow(struct request *request, const struct flow_owner *owner)
{
    static const struct flow_calls calls = {on_flow_send, on_flow_waiting, on_flow_end,
                                            on_flow_cut};
    struct exchange *exchange = (struct exchange *)request;
    struct connection *connection = exchange->connection;
    bool sound = connection != NULL;

    if (sound) {
        connection_add_headers(connection->all, request);
        sound = fcgi_answer_begin(&connection->all->answer, request, connection->intake.id);
    }
    if (!sound) {
        connection_on_finish(request);
        return NULL;
    }
    trace_end(request->trace);
    connection_count_status(request->response.status);
    access_note(&connection->all->access, request);
    intake_released(&connection->intake);
    exchange_put(exchange);
    if (!flow_write(connection))
        return NULL;
    connection->flowing = true;
    connection->all->flows++;
    connection->flow = (struct flow){.calls = &calls, .owner = *owner};
    return &connection->flow;
}
