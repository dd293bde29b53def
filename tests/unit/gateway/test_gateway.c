/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../unit.h"
#include "base/log.h"
#include "base/metrics.h"
#include "stream.h"

/* A gateway and its clients in one thread: a client's call runs the loop until what it waits for
 * has come. */

enum { HELD_MAX = 8, WAIT_MS = 30000 };

static struct {
    uv_loop_t loop;
    struct gateway *gateway;
    char folder[64], path[96];
    bool hold, done;
    struct request *held[HELD_MAX];
    size_t held_count, handled;
    size_t size; /* of the body */
    char *bytes;
    void (*respond)(struct request *request);
    struct buf in; /* what the client has received */
} t;

static void answer(struct request *request)
{
    request->response.status = 200;
    response_header_lit(&request->response, "Content-Type", "text/plain");
    response_part(&request->response, str_make(t.bytes, t.size));
    if (t.respond != NULL)
        t.respond(request);
    request_finish(request);
}

static void handle(void *context, struct request *request)
{
    (void)context;
    t.handled++;
    if (t.hold)
        t.held[t.held_count++] = request;
    else
        answer(request);
}

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    t.in = STREAM;
    t.size = 5;
    t.bytes = calloc(1, RESPONSE_BODY_MAX + 1);
    memset(t.bytes, 'x', RESPONSE_BODY_MAX);
    strcpy(t.folder, "/tmp/larder-gateway-XXXXXX");
    assert_non_null(mkdtemp(t.folder));
    snprintf(t.path, sizeof t.path, "unix:%s/socket", t.folder);
    uv_loop_init(&t.loop);
    return 0;
}

static void start(struct gateway_config config)
{
    if (config.sweep_ms == 0)
        config.sweep_ms = 5;
    if (config.leave_grace_ms == 0)
        config.leave_grace_ms = 20;
    t.gateway = gateway_new(&t.loop, &config, handle, NULL);
    assert_int_equal(gateway_listen(t.gateway, t.path), ERR_OK);
}

static void on_done(void *context)
{
    (void)context;
    t.done = true;
}

static int tear_down(void **state)
{
    (void)state;
    if (t.gateway != NULL && !t.done)
        gateway_drain(t.gateway, on_done, NULL);
    uv_run(&t.loop, UV_RUN_DEFAULT);
    gateway_free(t.gateway);
    assert_int_equal(uv_loop_close(&t.loop), 0);
    unlink(t.path + 5);
    rmdir(t.folder);
    buf_free(&t.in);
    free(t.bytes);
    return 0;
}

static void turn(void)
{
    uv_run(&t.loop, UV_RUN_NOWAIT);
    usleep(200);
}

/* By the loop's clock, without a turn of the loop. */
static void pass_time(uint64_t ms)
{
    uint64_t end_ms = uv_now(&t.loop) + ms;

    while (uv_now(&t.loop) < end_ms) {
        usleep(1000);
        uv_update_time(&t.loop);
    }
}

#define WAIT_FOR(condition)                                                                        \
    do {                                                                                           \
        uint64_t end_ = uv_hrtime() + (uint64_t)WAIT_MS * 1000000;                                 \
        while (!(condition)) {                                                                     \
            turn();                                                                                \
            if (uv_hrtime() > end_)                                                                \
                fail_msg("never: %s", #condition);                                                 \
        }                                                                                          \
    } while (0)

static int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    memcpy(address.sun_path, t.path + 5, strlen(t.path + 5));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void transmit(int fd, struct buf *bytes)
{
    for (size_t at = 0; at < bytes->len;) {
        ssize_t n = send(fd, bytes->ptr + at, bytes->len - at, MSG_NOSIGNAL);
        if (n > 0)
            at += (size_t)n;
        else if (errno != EAGAIN)
            break;
        turn();
    }
    buf_free(bytes);
}

static void send_get(int fd, unsigned id, unsigned flags)
{
    struct buf bytes = STREAM;

    add_get(&bytes, id, flags);
    transmit(fd, &bytes);
}

/* Reads once; false at the end of the connection. */
static bool receive(int fd)
{
    char *to = buf_reserve(&t.in, 65536);
    ssize_t n = recv(fd, to, 65536, 0);

    if (n > 0)
        buf_commit(&t.in, (size_t)n);
    return n != 0 && (n > 0 || errno == EAGAIN);
}

static bool is_closed(int fd)
{
    return !receive(fd);
}

/* The record that tells nginx not to keep the connection. */
static bool has_farewell(void)
{
    return t.in.len >= 32 && t.in.ptr[t.in.len - 23] == FCGI_END_REQUEST &&
           memcmp(t.in.ptr + t.in.len - 8, "\1\12\0\0\0\0\0\0", 8) == 0;
}

static bool has_end(int fd)
{
    receive(fd);
    return (t.in.len >= 24 && t.in.ptr[t.in.len - 15] == FCGI_END_REQUEST) || has_farewell();
}

/* One whole answer, with its records taken off: head and body. */
static struct str receive_answer(int fd)
{
    size_t out = 0;

    buf_reset(&t.in);
    WAIT_FOR(has_end(fd));
    for (size_t at = 0; at + 8 <= t.in.len;) {
        const unsigned char *header = (const unsigned char *)t.in.ptr + at;
        size_t len = (size_t)header[4] << 8 | header[5];
        assert_int_equal(header[0], 1);
        assert_int_equal(header[7], 0);
        for (size_t i = 0; i < header[6]; i++)
            assert_int_equal(header[8 + len + i], 0);
        assert_int_equal((8 + len + header[6]) % 8, 0);
        at += 8 + len + header[6];
        if (header[1] == FCGI_STDOUT) {
            memmove(t.in.ptr + out, header + 8, len);
            out += len;
        }
    }
    return str_make(t.in.ptr, out);
}

static bool contains(struct str text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static void an_answer_begins_with_its_status_and_ends_with_its_body(void **state)
{
    (void)state;
    start((struct gateway_config){0});
    int fd = dial();
    send_get(fd, 1, FCGI_KEEP_CONN);
    struct str got = receive_answer(fd);
    assert_true(str_starts(got, STR("Status: 200 OK\r\nContent-Type: text/plain\r\n")));
    assert_true(contains(got, "\r\nX-Request-Id: "));
    assert_true(contains(got, "\r\nContent-Length: 5\r\n\r\nxxxxx"));
    close(fd);
}

static void a_kept_connection_serves_on_another_ends(void **state)
{
    (void)state;
    start((struct gateway_config){0});
    int fd = dial();
    for (unsigned id = 1; id < 4; id++) {
        send_get(fd, id, FCGI_KEEP_CONN);
        receive_answer(fd);
        assert_false(has_farewell());
        assert_int_equal(t.in.ptr[t.in.len - 13], (char)id);
    }
    assert_int_equal(gateway_connections(t.gateway), 1);
    send_get(fd, 1, 0);
    receive_answer(fd);
    WAIT_FOR(is_closed(fd));
    close(fd);
}

static void tcp_is_served_too(void **state)
{
    const struct gateway_config config = {.sweep_ms = 5, .leave_grace_ms = 20};
    struct sockaddr_in address = {.sin_family = AF_INET};

    (void)state;
    t.gateway = gateway_new(&t.loop, &config, handle, NULL);
    assert_int_equal(gateway_listen(t.gateway, "127.0.0.1:0"), ERR_OK);
    const char *port = strrchr(gateway_address(t.gateway), ':') + 1;
    address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 3; i++) {
        send_get(fd, 1, FCGI_KEEP_CONN);
        assert_true(contains(receive_answer(fd), "xxxxx"));
    }
    gateway_drain(t.gateway, on_done, NULL);
    WAIT_FOR(is_closed(fd));
    close(fd);
}

static void management_records_are_answered(void **state)
{
    struct buf bytes = STREAM;

    (void)state;
    start((struct gateway_config){0});
    int fd = dial();
    add(&bytes, FCGI_GET_VALUES, 0, NULL, 0);
    add(&bytes, 99, 0, NULL, 0);
    transmit(fd, &bytes);
    WAIT_FOR((receive(fd), t.in.len == 8 + 16));
    assert_int_equal(t.in.ptr[1], FCGI_GET_VALUES_RESULT);
    assert_int_equal(t.in.ptr[9], FCGI_UNKNOWN_TYPE);
    close(fd);
}

static void a_large_last_answer_is_sent_whole(void **state)
{
    struct buf bytes = STREAM;

    (void)state;
    t.size = RESPONSE_BODY_MAX;
    start((struct gateway_config){0});
    int fd = dial();
    add_get(&bytes, 1, 0);
    transmit(fd, &bytes);
    WAIT_FOR(is_closed(fd));
    assert_true(t.in.len > RESPONSE_BODY_MAX);
    assert_true(has_end(fd));
    close(fd);
}

static void a_peer_that_goes_amid_an_answer_is_let_go(void **state)
{
    struct buf bytes = STREAM;

    (void)state;
    t.size = RESPONSE_BODY_MAX;
    start((struct gateway_config){0});
    int fd = dial();
    add_get(&bytes, 1, FCGI_KEEP_CONN);
    transmit(fd, &bytes);
    WAIT_FOR(t.handled == 1);
    close(fd);
    WAIT_FOR(gateway_connections(t.gateway) == 0);
}

static void ids_are_unique_hex_digits(void **state)
{
    (void)state;
    t.hold = true;
    start((struct gateway_config){0});
    int a = dial(), b = dial();
    send_get(a, 1, FCGI_KEEP_CONN);
    send_get(b, 1, FCGI_KEEP_CONN);
    WAIT_FOR(t.held_count == 2);
    assert_int_equal(t.held[0]->id.len, REQUEST_ID_SIZE);
    assert_memory_not_equal(t.held[0]->id.ptr, t.held[1]->id.ptr, REQUEST_ID_SIZE);
    for (size_t i = 0; i < REQUEST_ID_SIZE; i++)
        assert_non_null(strchr("0123456789abcdef", t.held[0]->id.ptr[i]));
    answer(t.held[0]);
    answer(t.held[1]);
    close(a);
    close(b);
}

static void large_answers_are_cut_into_records(void **state)
{
    static const size_t sizes[] = {0, 1, 7, 16000, 65000, 65535, 65536, 200000, RESPONSE_BODY_MAX};

    (void)state;
    start((struct gateway_config){0});
    int fd = dial();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char length[64];
        t.size = sizes[i];
        send_get(fd, 1, FCGI_KEEP_CONN);
        struct str got = receive_answer(fd);
        snprintf(length, sizeof length, "Content-Length: %zu\r\n\r\n", t.size);
        char *head = memmem(got.ptr, got.len, length, strlen(length));
        assert_non_null(head);
        assert_int_equal((size_t)(got.ptr + got.len - head) - strlen(length), t.size);
    }
    close(fd);
}

static void four_parts(struct request *request)
{
    request->response.part_count = 0;
    response_part(&request->response, STR("one "));
    response_part(&request->response, str_make(t.bytes, 70000));
    response_part(&request->response, STR(" three "));
    response_part(&request->response, STR("four"));
}

static void parts_are_sent_in_order(void **state)
{
    (void)state;
    t.respond = four_parts;
    start((struct gateway_config){0});
    int fd = dial();
    send_get(fd, 1, FCGI_KEEP_CONN);
    struct str got = receive_answer(fd);
    assert_true(contains(got, "Content-Length: 70015\r\n\r\none xxx"));
    assert_true(contains(got, "xxx three four"));
    close(fd);
}

static void not_modified(struct request *request)
{
    request->response.status = 304;
}

static void no_content(struct request *request)
{
    request->response.status = 204;
}

static void head_204_and_304_have_no_body(void **state)
{
    struct buf bytes = STREAM;

    (void)state;
    start((struct gateway_config){0});
    int fd = dial();
    add_begin(&bytes, 1, FCGI_RESPONDER, FCGI_KEEP_CONN);
    add_params(&bytes, 1, "HEAD", NULL);
    add_body(&bytes, 1, "");
    transmit(fd, &bytes);
    struct str got = receive_answer(fd);
    assert_true(contains(got, "Content-Length: 5\r\n\r\n"));
    assert_false(contains(got, "xxx"));
    t.respond = not_modified;
    send_get(fd, 1, FCGI_KEEP_CONN);
    got = receive_answer(fd);
    assert_true(str_starts(got, STR("Status: 304 Not Modified\r\n")));
    assert_false(contains(got, "Content-Length") || contains(got, "xxx"));
    t.respond = no_content;
    send_get(fd, 1, FCGI_KEEP_CONN);
    got = receive_answer(fd);
    assert_false(contains(got, "Content-Length") || contains(got, "xxx"));
    close(fd);
}

static void too_long_a_head(struct request *request)
{
    response_header(&request->response, STR("X-Long"), str_make(t.bytes, RESPONSE_HEAD_MAX));
}

static void too_long_a_body(struct request *request)
{
    response_part(&request->response, str_make(t.bytes, RESPONSE_BODY_MAX));
}

static void no_status(struct request *request)
{
    request->response.status = 0;
}

static void what_cannot_be_sent_is_a_plain_500(void **state)
{
    static void (*const broken[])(struct request *) = {too_long_a_head, too_long_a_body, no_status};

    (void)state;
    start((struct gateway_config){0});
    int fd = dial();
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        t.respond = broken[i];
        send_get(fd, 1, FCGI_KEEP_CONN);
        struct str got = receive_answer(fd);
        assert_true(str_starts(got, STR("Status: 500 Internal Server Error\r\n")));
        assert_true(contains(got, "{\"success\":false,\"message\":\"Internal server error\","
                                  "\"requestId\":\""));
    }
    close(fd);
}

static void a_header_cannot_be_smuggled_in(struct request *request)
{
    response_header(&request->response, STR("X-Bad"), STR("a\r\nX-Accel-Redirect: /etc"));
}

static void header_values_have_no_line_ends(void **state)
{
    (void)state;
    t.respond = a_header_cannot_be_smuggled_in;
    start((struct gateway_config){0});
    int fd = dial();
    send_get(fd, 1, FCGI_KEEP_CONN);
    assert_false(contains(receive_answer(fd), "X-Accel"));
    close(fd);
}

static void a_bad_request_is_answered_in_the_envelope(void **state)
{
    struct buf bytes = STREAM;

    (void)state;
    start((struct gateway_config){0});
    int fd = dial();
    add_begin(&bytes, 1, FCGI_RESPONDER, FCGI_KEEP_CONN);
    add_params(&bytes, 1, "POST", "5");
    add_body(&bytes, 1, "four");
    transmit(fd, &bytes);
    struct str got = receive_answer(fd);
    assert_true(str_starts(got, STR("Status: 400 Bad Request\r\n")));
    assert_true(contains(got, "{\"success\":false,\"message\":\"The body is shorter"));
    assert_int_equal(t.handled, 0);
    send_get(fd, 1, FCGI_KEEP_CONN);
    assert_true(contains(receive_answer(fd), "200 OK"));
    close(fd);
}

static void a_protocol_error_closes_and_is_counted(void **state)
{
    struct buf bytes = STREAM;
    uint64_t before = metric_sum(METRIC_PROTOCOL_ERRORS);

    (void)state;
    start((struct gateway_config){0});
    int fd = dial();
    buf_literal(&bytes, "GET / HTTP/1.1\r\n\r\n");
    transmit(fd, &bytes);
    WAIT_FOR(is_closed(fd));
    assert_int_equal(metric_sum(METRIC_PROTOCOL_ERRORS), before + 1);
    close(fd);
}

static void a_client_that_goes_leaves_the_request_valid(void **state)
{
    (void)state;
    t.hold = true;
    start((struct gateway_config){0});
    int fd = dial();
    send_get(fd, 1, FCGI_KEEP_CONN);
    WAIT_FOR(t.held_count == 1);
    assert_false(t.held[0]->gone);
    close(fd);
    WAIT_FOR(t.held[0]->gone);
    assert_int_equal(gateway_connections(t.gateway), 0);
    assert_str(t.held[0]->path, "/api/products");
    answer(t.held[0]);
}

static void an_abort_frees_the_connection_for_the_next_request(void **state)
{
    struct buf bytes = STREAM;

    (void)state;
    t.hold = true;
    start((struct gateway_config){0});
    int fd = dial();
    send_get(fd, 1, FCGI_KEEP_CONN);
    WAIT_FOR(t.held_count == 1);
    add(&bytes, FCGI_ABORT_REQUEST, 1, NULL, 0);
    transmit(fd, &bytes);
    WAIT_FOR(t.held[0]->gone);
    buf_reset(&t.in);
    WAIT_FOR((receive(fd), t.in.len == 16));
    t.hold = false;
    send_get(fd, 1, FCGI_KEEP_CONN);
    assert_true(contains(receive_answer(fd), "xxxxx"));
    answer(t.held[0]);
    close(fd);
}

static void a_request_may_be_finished_after_the_gateway_is_gone(void **state)
{
    (void)state;
    t.hold = true;
    start((struct gateway_config){.leave_ms = 30});
    int fd = dial();
    send_get(fd, 1, FCGI_KEEP_CONN);
    WAIT_FOR(t.held_count == 1);
    gateway_drain(t.gateway, on_done, NULL);
    WAIT_FOR(t.done);
    gateway_free(t.gateway);
    t.gateway = NULL;
    assert_true(t.held[0]->gone);
    answer(t.held[0]);
    close(fd);
}

static void silence_has_its_limit(struct buf *bytes, struct gateway_config config)
{
    start(config);
    int fd = dial();
    transmit(fd, bytes);
    uint64_t from = uv_hrtime();
    WAIT_FOR(is_closed(fd));
    assert_in_range((uv_hrtime() - from) / 1000000, 15, 1000);
    close(fd);
    gateway_drain(t.gateway, on_done, NULL);
    WAIT_FOR(t.done);
    gateway_free(t.gateway);
    t.gateway = NULL;
    t.done = false;
}

static void silent_peers_are_closed(void **state)
{
    const struct gateway_config params = {.params_ms = 30}, body = {.body_idle_ms = 30},
                                idle = {.idle_ms = 30}, drain = {.drain_ms = 30};
    struct buf bytes = STREAM;

    (void)state;
    silence_has_its_limit(&bytes, params);
    buf_literal(&bytes, "\1\1");
    silence_has_its_limit(&bytes, params);
    add_begin(&bytes, 1, FCGI_RESPONDER, 1);
    silence_has_its_limit(&bytes, params);
    add_begin(&bytes, 1, FCGI_RESPONDER, 1);
    add_params(&bytes, 1, "POST", "5");
    add(&bytes, FCGI_STDIN, 1, "x", 1);
    silence_has_its_limit(&bytes, body);
    add_get(&bytes, 1, FCGI_KEEP_CONN);
    silence_has_its_limit(&bytes, idle);
    add_begin(&bytes, 1, FCGI_RESPONDER, 1);
    add_params(&bytes, 1, "POST", "100000");
    silence_has_its_limit(&bytes, drain);
}

static void a_peer_that_reads_nothing_is_cut(void **state)
{
    struct buf bytes = STREAM;

    (void)state;
    t.size = RESPONSE_BODY_MAX;
    start((struct gateway_config){.write_idle_ms = 30});
    int fd = dial();
    add_get(&bytes, 1, FCGI_KEEP_CONN);
    transmit(fd, &bytes);
    WAIT_FOR(t.handled == 1);
    WAIT_FOR(gateway_connections(t.gateway) == 0);
    close(fd);
}

static void a_peer_that_reads_slowly_is_not_read_meanwhile(void **state)
{
    struct buf bytes = STREAM;

    (void)state;
    t.size = RESPONSE_BODY_MAX;
    start((struct gateway_config){0});
    int fd = dial();
    for (unsigned id = 1; id < 6; id++)
        add_get(&bytes, id, FCGI_KEEP_CONN);
    transmit(fd, &bytes);
    for (int i = 0; i < 20; i++)
        turn();
    assert_int_equal(t.handled, 1);
    WAIT_FOR((receive(fd), t.in.len > 5 * (size_t)RESPONSE_BODY_MAX));
    assert_int_equal(t.handled, 5);
    WAIT_FOR(has_end(fd));
    assert_int_equal(t.in.ptr[t.in.len - 13], 5);
    close(fd);
}

static void a_silent_peer_delays_nobody(void **state)
{
    (void)state;
    start((struct gateway_config){0});
    int silent = dial(), good = dial();
    uint64_t from = uv_hrtime();
    send_get(good, 1, FCGI_KEEP_CONN);
    receive_answer(good);
    assert_in_range((uv_hrtime() - from) / 1000000, 0, 1000);
    close(silent);
    close(good);
}

static void connections_beyond_the_cap_are_closed_and_counted(void **state)
{
    uint64_t before = metric_sum(METRIC_CONNECTIONS_REFUSED);

    (void)state;
    start((struct gateway_config){.max_connections = 2});
    int a = dial(), b = dial();
    WAIT_FOR(gateway_connections(t.gateway) == 2);
    int c = dial();
    WAIT_FOR(is_closed(c));
    assert_int_equal(metric_sum(METRIC_CONNECTIONS_REFUSED), before + 1);
    send_get(a, 1, FCGI_KEEP_CONN);
    receive_answer(a);
    close(a);
    close(b);
    close(c);
}

static void without_file_descriptors_the_rest_waits(void **state)
{
    struct rlimit old, low;
    const char *preloaded = getenv("LD_PRELOAD");

    (void)state;
    /* valgrind keeps the limit itself: it accepts a connection, and closes it. */
    if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL)
        return;
    start((struct gateway_config){0});
    int a = dial(), b = dial();
    getrlimit(RLIMIT_NOFILE, &old);
    low = old;
    low.rlim_cur = (rlim_t)b + 1;
    setrlimit(RLIMIT_NOFILE, &low);
    for (int i = 0; i < 20; i++)
        turn();
    assert_int_equal(gateway_connections(t.gateway), 0);
    setrlimit(RLIMIT_NOFILE, &old);
    WAIT_FOR(gateway_connections(t.gateway) == 2);
    send_get(b, 1, FCGI_KEEP_CONN);
    receive_answer(b);
    close(a);
    close(b);
}

static void leaving_answers_the_next_request_and_closes(void **state)
{
    (void)state;
    start((struct gateway_config){.leave_grace_ms = 2000});
    int busy = dial(), kept = dial();
    send_get(kept, 1, FCGI_KEEP_CONN);
    receive_answer(kept);
    t.hold = true;
    send_get(busy, 1, FCGI_KEEP_CONN);
    WAIT_FOR(t.held_count == 1);
    gateway_drain(t.gateway, on_done, NULL);
    t.hold = false;
    assert_int_equal(access(t.path + 5, F_OK), -1);
    for (int i = 0; i < 20; i++)
        turn();
    assert_false(t.done);
    send_get(kept, 1, FCGI_KEEP_CONN);
    assert_true(contains(receive_answer(kept), "xxxxx"));
    assert_true(has_farewell());
    WAIT_FOR(is_closed(kept));
    answer(t.held[0]);
    assert_true(contains(receive_answer(busy), "xxxxx"));
    WAIT_FOR(is_closed(busy));
    WAIT_FOR(t.done);
    close(busy);
    close(kept);
}

static void leaving_closes_idle_connections_last(void **state)
{
    (void)state;
    start((struct gateway_config){.leave_grace_ms = 50});
    int fd = dial();
    send_get(fd, 1, FCGI_KEEP_CONN);
    receive_answer(fd);
    uint64_t from = uv_hrtime();
    gateway_drain(t.gateway, on_done, NULL);
    WAIT_FOR(t.done);
    assert_in_range((uv_hrtime() - from) / 1000000, 40, 2000);
    close(fd);
}

/* The request is in the socket when the deadline has passed: it must not be lost. */
static void a_request_sent_before_the_end_is_answered(void **state)
{
    (void)state;
    enum { GRACE_MS = 30 };
    start((struct gateway_config){.leave_grace_ms = GRACE_MS, .sweep_ms = 1});
    int fd = dial();
    send_get(fd, 1, FCGI_KEEP_CONN);
    receive_answer(fd);
    gateway_drain(t.gateway, on_done, NULL);
    pass_time(GRACE_MS + 1);
    struct buf bytes = STREAM;
    add_get(&bytes, 1, FCGI_KEEP_CONN);
    assert_int_equal(send(fd, bytes.ptr, bytes.len, 0), (ssize_t)bytes.len);
    t.hold = true;
    WAIT_FOR(t.held_count == 1);
    for (int i = 0; i < 20; i++)
        turn();
    assert_false(t.held[0]->gone);
    answer(t.held[0]);
    assert_true(contains(receive_answer(fd), "xxxxx"));
    WAIT_FOR(t.done);
    buf_free(&bytes);
    close(fd);
}

static void who_waits_in_the_queue_is_served_when_leaving(void **state)
{
    (void)state;
    start((struct gateway_config){.leave_grace_ms = 200});
    int fd = dial();
    gateway_drain(t.gateway, on_done, NULL);
    send_get(fd, 1, FCGI_KEEP_CONN);
    assert_true(contains(receive_answer(fd), "xxxxx"));
    WAIT_FOR(t.done);
    close(fd);
}

static void addresses_are_checked(void **state)
{
    struct gateway *second;
    const struct gateway_config config = {0};

    (void)state;
    start((struct gateway_config){0});
    assert_string_equal(gateway_address(t.gateway), t.path);
    second = gateway_new(&t.loop, &config, handle, NULL);
    assert_int_equal(gateway_listen(second, t.path), ERR_EXISTS);
    assert_int_equal(gateway_listen(second, "unix:"), ERR_SYNTAX);
    assert_int_equal(gateway_listen(second, "unix:/tmp"), ERR_EXISTS);
    assert_int_equal(gateway_listen(second, "9000"), ERR_SYNTAX);
    assert_int_equal(gateway_listen(second, "127.0.0.1:99999"), ERR_SYNTAX);
    assert_int_equal(gateway_listen(second, "127.0.0.1:0"), ERR_OK);
    assert_true(str_starts(str_from(gateway_address(second)), STR("127.0.0.1:")));
    assert_int_equal(gateway_listen(second, NULL), ERR_NOT_FOUND);
    gateway_drain(second, on_done, NULL);
    WAIT_FOR(t.done);
    t.done = false;
    gateway_free(second);
}

static void a_socket_left_behind_is_replaced(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    memcpy(address.sun_path, t.path + 5, strlen(t.path + 5));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    start((struct gateway_config){0});
    fd = dial();
    send_get(fd, 1, FCGI_KEEP_CONN);
    receive_answer(fd);
    close(fd);
}

#define GATEWAY_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(an_answer_begins_with_its_status_and_ends_with_its_body),
        GATEWAY_TEST(a_kept_connection_serves_on_another_ends),
        GATEWAY_TEST(tcp_is_served_too),
        GATEWAY_TEST(management_records_are_answered),
        GATEWAY_TEST(a_large_last_answer_is_sent_whole),
        GATEWAY_TEST(a_peer_that_goes_amid_an_answer_is_let_go),
        GATEWAY_TEST(ids_are_unique_hex_digits),
        GATEWAY_TEST(large_answers_are_cut_into_records),
        GATEWAY_TEST(parts_are_sent_in_order),
        GATEWAY_TEST(head_204_and_304_have_no_body),
        GATEWAY_TEST(what_cannot_be_sent_is_a_plain_500),
        GATEWAY_TEST(header_values_have_no_line_ends),
        GATEWAY_TEST(a_bad_request_is_answered_in_the_envelope),
        GATEWAY_TEST(a_protocol_error_closes_and_is_counted),
        GATEWAY_TEST(a_client_that_goes_leaves_the_request_valid),
        GATEWAY_TEST(an_abort_frees_the_connection_for_the_next_request),
        GATEWAY_TEST(a_request_may_be_finished_after_the_gateway_is_gone),
        GATEWAY_TEST(silent_peers_are_closed),
        GATEWAY_TEST(a_peer_that_reads_nothing_is_cut),
        GATEWAY_TEST(a_peer_that_reads_slowly_is_not_read_meanwhile),
        GATEWAY_TEST(a_silent_peer_delays_nobody),
        GATEWAY_TEST(connections_beyond_the_cap_are_closed_and_counted),
        GATEWAY_TEST(without_file_descriptors_the_rest_waits),
        GATEWAY_TEST(leaving_answers_the_next_request_and_closes),
        GATEWAY_TEST(leaving_closes_idle_connections_last),
        GATEWAY_TEST(a_request_sent_before_the_end_is_answered),
        GATEWAY_TEST(who_waits_in_the_queue_is_served_when_leaving),
        GATEWAY_TEST(addresses_are_checked),
        GATEWAY_TEST(a_socket_left_behind_is_replaced),
    };
    log_setup(LOG_OFF, LOG_JSON);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
