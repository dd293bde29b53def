/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/trace.h"

#define NEVER UINT64_MAX

_Static_assert(sizeof(struct connection) <= 2048, "an idle connection is small");

static void on_ready(uv_poll_t *poll, int status, int events);
static void last_look(struct connection *connection);

static struct connection *from_poll(uv_poll_t *poll)
{
    return (struct connection *)((char *)poll - offsetof(struct connection, poll));
}

/* The exchange stays with the handler, when that has it, without a client. */
static void detach(struct exchange *exchange)
{
    if (exchange == NULL)
        return;
    exchange->connection = NULL;
    exchange->request.gone = true;
    metric_inc(METRIC_REQUESTS_ABORTED);
    if (!exchange->handed)
        exchange_put(exchange);
}

/* Its response has been handed to the kernel, or the peer is gone. */
static void sent(struct connection *connection)
{
    struct exchange *exchange = connection->sending;

    connection->sending = NULL;
    if (exchange == NULL)
        return;
    access_note(&connection->all->access, &exchange->request);
    exchange_put(exchange);
}

static void on_gateway_connection_closed(uv_handle_t *handle)
{
    struct connection *connection = from_poll((uv_poll_t *)handle);
    struct connections *all = connection->all;

    free(connection);
    all->handles--;
    all->on_close(all->owner);
}

void connection_close(struct connection *connection)
{
    if (connection->closing)
        return;
    connection->closing = true;
    uv_close((uv_handle_t *)&connection->poll, on_gateway_connection_closed);
    close(connection->fd);
    *connection->link = connection->next;
    if (connection->next != NULL)
        connection->next->link = connection->link;
    gauge_set(GAUGE_CONNECTIONS, (int64_t)--connection->all->open);
    sent(connection);
    detach(connection->intake.exchange);
    connection->intake.exchange = NULL;
    backlog_clear(&connection->unsent);
    backlog_clear(&connection->unread);
    connection_flow_lost(connection);
}

static void watch(struct connection *connection, int events)
{
    uv_poll_start(&connection->poll, events, on_ready);
}

static void broken(struct connection *connection)
{
    metric_inc(METRIC_PROTOCOL_ERRORS);
    connection_close(connection);
}

void connection_send(struct connection *connection, struct iovec *vectors, size_t count,
                     bool lasting)
{
    bool was_blocked = connection_is_blocked(connection);

    if (backlog_send(&connection->unsent, connection->fd, vectors, count, lasting) != ERR_OK)
        connection_close(connection);
    else if (connection_is_blocked(connection) && !was_blocked)
        watch(connection, UV_WRITABLE);
}

static void send_reply(struct connection *connection)
{
    struct intake *intake = &connection->intake;
    struct iovec vector = {.iov_base = intake->reply, .iov_len = intake->reply_len};

    connection_send(connection, &vector, 1, false);
}

static void close_when_sent(struct connection *connection)
{
    if (connection_is_blocked(connection))
        connection->close_after = true;
    else
        connection_close(connection);
}

/* The peer may just have sent a request.  On a Unix socket nothing can be sent any more once this
 * end is shut, and what was sent before is still there to be read: see last_look(). */
static void retire(struct connection *connection)
{
    connection->retired = true;
    shutdown(connection->fd, SHUT_RD);
}

/* Between two requests: a connection that is not to be kept goes. */
void connection_between_requests(struct connection *connection)
{
    const struct intake *intake = &connection->intake;

    if (connection->closing || intake->state != INTAKE_IDLE)
        return;
    if (!intake->keep)
        close_when_sent(connection);
    else if (connection->all->leaving && !connection->retired)
        retire(connection);
}

static enum phase phase_of(const struct connection *connection)
{
    static const enum phase phases[] = {
        [INTAKE_IDLE] = PHASE_IDLE, [INTAKE_PARAMS] = PHASE_PARAMS, [INTAKE_BODY] = PHASE_BODY,
        [INTAKE_BUSY] = PHASE_BUSY, [INTAKE_DRAIN] = PHASE_DRAIN,
    };
    const struct intake *intake = &connection->intake;

    if (connection_is_blocked(connection))
        return PHASE_WRITE;
    if (intake->state == INTAKE_IDLE && !record_at_start(&intake->parser))
        return PHASE_RECORD;
    return phases[intake->state];
}

/* Sets the deadline of what is waited for now: anew when that is something else than before, or
 * when it is a limit on silence and the peer was not silent. */
void connection_set_deadline(struct connection *connection, bool renewed)
{
    struct connections *all = connection->all;
    enum phase phase = phase_of(connection);

    if (phase == connection->phase && !renewed && phase != PHASE_BODY && phase != PHASE_WRITE &&
        phase != PHASE_IDLE)
        return;
    connection->phase = phase;
    connection->deadline =
        all->limits[phase] == NEVER ? NEVER : uv_now(all->loop) + all->limits[phase];
}

void connection_count_status(unsigned status)
{
    static const enum metric classes[] = {METRIC_REQUESTS_2XX, METRIC_REQUESTS_3XX,
                                          METRIC_REQUESTS_4XX, METRIC_REQUESTS_5XX};

    metric_inc(classes[status / 100 - 2]);
}

bool connection_is_last(const struct connection *connection)
{
    return connection->all->leaving && connection->intake.keep;
}

void connection_add_headers(const struct connections *all, struct request *request)
{
    if (all->answering != NULL)
        all->answering(all->answering_context, request);
    access_tell(request);
}

/* Sends the exchange's response and takes the exchange back, when all of it has been sent. */
static void respond(struct connection *connection, struct exchange *exchange)
{
    struct fcgi_answer *answer = &connection->all->answer;

    connection_add_headers(connection->all, &exchange->request);
    fcgi_answer_build(answer, &exchange->request, connection->intake.id,
                      connection_is_last(connection));
    connection_count_status(exchange->request.response.status);
    intake_finished(&connection->intake);
    connection->sending = exchange;
    connection_send(connection, answer->vectors, answer->count, exchange->request.response.lasting);
    if (!connection_is_blocked(connection))
        sent(connection);
    connection_between_requests(connection);
}

/* What may have come behind the request that is answered now. */
void connection_go_on(struct connection *connection)
{
    if (connection->closing)
        return;
    connection_set_deadline(connection, true);
    if (!connection->all->consuming)
        last_look(connection);
    else if (connection->retired) /* it may be another's input that is being consumed */
        watch(connection, UV_READABLE);
}

void connection_on_finish(struct request *request)
{
    struct exchange *exchange = (struct exchange *)request;
    struct connection *connection = exchange->connection;

    trace_end(request->trace);
    if (connection == NULL) {
        exchange_put(exchange);
        return;
    }
    respond(connection, exchange);
    connection_go_on(connection);
}

static void hand_over(struct connection *connection)
{
    struct exchange *exchange = connection->intake.exchange;
    struct connections *all = connection->all;
    struct request *request = &exchange->request;
    struct trace *before = trace_enter(request->trace);

    exchange->handed = true;
    exchange->connection = connection;
    if (request->traceparent.len > 0)
        trace_set_parent(request->trace, request->traceparent);
    request->arrived_ms = clock_wall_ms();
    request->on_finish = connection_on_finish;
    request->on_flow = connection_on_flow;
    all->handler(all->context, request);
    trace_leave(before);
}

static void connection_refuse(struct connection *connection)
{
    struct intake *intake = &connection->intake;

    fcgi_answer_error(&intake->exchange->request, intake->status, intake->message);
    respond(connection, intake->exchange);
}

static void aborted(struct connection *connection)
{
    detach(connection->intake.exchange);
    connection_flow_lost(connection);
    intake_aborted(&connection->intake);
    send_reply(connection);
    connection_between_requests(connection);
}

static void act(struct connection *connection, enum intake_event event)
{
    switch (event) {
    case INTAKE_MORE: break;
    case INTAKE_REQUEST: hand_over(connection); break;
    case INTAKE_REFUSED: connection_refuse(connection); break;
    case INTAKE_ABORTED: aborted(connection); break;
    case INTAKE_REPLY: send_reply(connection); break;
    case INTAKE_DRAINED: connection_between_requests(connection); break;
    case INTAKE_BROKEN: broken(connection); break;
    }
}

/* Acts on the input until it is used up, or until the peer must first take what it was sent: then
 * the rest waits, and nothing is read meanwhile. */
static void consume(struct connection *connection, struct str input)
{
    enum intake_event event;
    bool begun;

    connection->all->consuming = true;
    do {
        event = intake_next(&connection->intake, &input);
        act(connection, event);
    } while (event != INTAKE_MORE && !connection->closing && !connection_is_blocked(connection));
    connection->all->consuming = false;
    if (connection->closing)
        return;
    if (input.len > 0)
        backlog_add(&connection->unread, input.ptr, input.len);
    begun = connection->intake.begun;
    connection->intake.begun = false;
    connection_set_deadline(connection, begun);
}

static void read_once(struct connection *connection)
{
    char *into = connection->all->read;
    ssize_t n;

    do
        n = recv(connection->fd, into, CONNECTION_READ, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        consume(connection, str_make(into, (size_t)n));
    else if (n == 0 && connection->retired && connection->intake.state == INTAKE_BUSY)
        uv_poll_stop(&connection->poll);
    else if (n == 0 || errno != EAGAIN || connection->retired)
        connection_close(connection);
}

/* Of a connection that was shut for reading: what came before is answered, then it is closed. */
static void last_look(struct connection *connection)
{
    while (connection->retired && !connection->closing && !connection_is_blocked(connection) &&
           connection->intake.state != INTAKE_BUSY)
        read_once(connection);
}

static void on_readable(struct connection *connection)
{
    read_once(connection);
    last_look(connection);
}

/* The rest may have been as long as what was read: it is taken over whole, and what remains of it
 * is kept again. */
static void consume_unread(struct connection *connection)
{
    struct backlog unread = connection->unread;

    connection->unread = (struct backlog){0};
    if (unread.len > 0)
        consume(connection, str_make(unread.ptr, unread.len));
    backlog_clear(&unread);
}

static void on_writable(struct connection *connection)
{
    enum err err = backlog_flush(&connection->unsent, connection->fd);

    if (err == ERR_BUSY)
        return;
    if (err != ERR_OK || (!connection_is_blocked(connection) && connection->close_after)) {
        connection_close(connection);
        return;
    }
    connection_set_deadline(connection, true);
    if (connection_is_blocked(connection))
        return;
    sent(connection);
    watch(connection, UV_READABLE);
    consume_unread(connection);
    last_look(connection);
    if (!connection->closing)
        connection_flow_drained(connection);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct connection *connection = from_poll(poll);

    if (status < 0)
        connection_close(connection);
    else if (events & UV_WRITABLE)
        on_writable(connection);
    else if (events & UV_READABLE)
        on_readable(connection);
}

void connection_open(struct connections *all, int fd)
{
    struct connection *connection;

    if (all->open - all->flows >= all->max) {
        metric_inc(METRIC_CONNECTIONS_REFUSED);
        close(fd);
        return;
    }
    connection = mem_zalloc(sizeof *connection);
    if (uv_poll_init(all->loop, &connection->poll, fd) != 0) {
        free(connection);
        close(fd);
        return;
    }
    metric_inc(METRIC_CONNECTIONS);
    connection->all = all;
    connection->fd = fd;
    intake_init(&connection->intake, all->pool, all->max);
    connection->next = all->first;
    connection->link = &all->first;
    if (all->first != NULL)
        all->first->link = &connection->next;
    all->first = connection;
    gauge_set(GAUGE_CONNECTIONS, (int64_t)++all->open);
    all->handles++;
    connection->phase = PHASE_FIRST;
    connection->deadline = uv_now(all->loop) + all->limits[PHASE_FIRST];
    watch(connection, UV_READABLE);
}

static void expire(struct connection *connection)
{
    if (connection->phase == PHASE_IDLE || connection->phase == PHASE_FIRST) {
        retire(connection);
        last_look(connection);
    } else {
        connection_close(connection);
    }
}

void connections_sweep(struct connections *all)
{
    uint64_t now = uv_now(all->loop);

    for (struct connection *connection = all->first, *next; connection != NULL; connection = next) {
        next = connection->next;
        if (connection->deadline <= now && !connection->closing)
            expire(connection);
    }
}

void connections_leave(struct connections *all, uint64_t grace_ms)
{
    uint64_t last = uv_now(all->loop) + grace_ms;

    all->leaving = true;
    all->limits[PHASE_IDLE] = all->limits[PHASE_FIRST] = grace_ms;
    for (struct connection *connection = all->first; connection != NULL;
         connection = connection->next)
        if (connection->phase <= PHASE_IDLE && connection->deadline > last)
            connection->deadline = last;
}

void connections_cut(struct connections *all)
{
    while (all->first != NULL)
        connection_close(all->first);
}
