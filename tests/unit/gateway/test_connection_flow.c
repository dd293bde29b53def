/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/gateway.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../unit.h"
#include "http/flow.h"
#include "stream.h"

/* A gateway whose every response goes on, and its clients, in one thread. */

static struct {
    uv_loop_t loop;
    struct gateway *gateway;
    char folder[64], path[96];
    struct flow *flow;
    size_t handled, gone;
    bool done;
    struct buf in; /* what the client has received */
} t;

static void on_gone(void *context)
{
    assert_ptr_equal(context, &t);
    t.gone++;
    t.flow = NULL;
}

static void handle(void *context, struct request *request)
{
    struct flow_owner owner = {.gone = on_gone, .context = &t};

    (void)context;
    t.handled++;
    request->response.status = 200;
    response_header_lit(&request->response, "Content-Type", "text/event-stream");
    t.flow = request_flow(request, &owner);
}

static int set_up(void **state)
{
    struct gateway_config config = {.sweep_ms = 5, .leave_grace_ms = 20, .max_connections = 1};

    (void)state;
    memset(&t, 0, sizeof t);
    t.in = STREAM;
    strcpy(t.folder, "/tmp/larder-flow-XXXXXX");
    assert_non_null(mkdtemp(t.folder));
    snprintf(t.path, sizeof t.path, "unix:%s/socket", t.folder);
    uv_loop_init(&t.loop);
    t.gateway = gateway_new(&t.loop, &config, handle, NULL);
    assert_int_equal(gateway_listen(t.gateway, t.path), ERR_OK);
    return 0;
}

static void on_done(void *context)
{
    (void)context;
    t.done = true;
}

static int tear_down(void **state)
{
    (void)state;
    if (t.flow != NULL)
        flow_end(t.flow);
    gateway_drain(t.gateway, on_done, NULL);
    uv_run(&t.loop, UV_RUN_DEFAULT);
    assert_true(t.done);
    gateway_free(t.gateway);
    assert_int_equal(uv_loop_close(&t.loop), 0);
    rmdir(t.folder);
    buf_free(&t.in);
    return 0;
}

#define WAIT_FOR(condition)                                                                        \
    do {                                                                                           \
        for (int tries = 0; tries < 20000 && !(condition); tries++) {                              \
            uv_run(&t.loop, UV_RUN_NOWAIT);                                                        \
            usleep(200);                                                                           \
        }                                                                                          \
        assert_true(condition);                                                                    \
    } while (0)

static int client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct buf bytes = STREAM;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    size_t before = t.handled;

    strcpy(address.sun_path, t.path + 5);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    add_begin(&bytes, 1, FCGI_RESPONDER, FCGI_KEEP_CONN);
    add_params(&bytes, 1, "GET", NULL);
    add(&bytes, FCGI_STDIN, 1, NULL, 0);
    assert_int_equal(send(fd, bytes.ptr, bytes.len, 0), bytes.len);
    buf_free(&bytes);
    WAIT_FOR(t.handled == before + 1);
    return fd;
}

/* Whether the text has come so often by now. */
static bool received(int fd, const char *text, size_t times)
{
    char bytes[4096];
    ssize_t n;
    size_t found = 0;

    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        buf_append(&t.in, bytes, (size_t)n);
    for (size_t i = 0; i + strlen(text) <= t.in.len; i++)
        found += memcmp(t.in.ptr + i, text, strlen(text)) == 0;
    return found == times;
}

static void pieces_come_as_they_are_sent(void **state)
{
    int fd = client();

    (void)state;
    assert_non_null(t.flow);
    WAIT_FOR(received(fd, "text/event-stream", 1));
    assert_true(received(fd, "Content-Length", 0));
    for (size_t i = 1; i < 4; i++) {
        assert_int_equal(flow_send(t.flow, STR("data: x\n\n")), ERR_OK);
        WAIT_FOR(received(fd, "data: x", i));
        assert_int_equal(flow_waiting(t.flow), 0);
    }
    flow_end(t.flow);
    t.flow = NULL;
    WAIT_FOR(received(fd, "\1\3", 1)); /* END_REQUEST */
    assert_int_equal(t.gone, 0);
    close(fd);
}

static void a_client_that_leaves_is_told_of_once(void **state)
{
    int fd = client();

    (void)state;
    close(fd);
    WAIT_FOR(t.gone == 1);
    assert_int_equal(gateway_connections(t.gateway), 0);
}

static void what_is_not_taken_waits_and_can_be_cut(void **state)
{
    static char bytes[65536];
    int fd = client();

    (void)state;
    while (flow_waiting(t.flow) == 0)
        assert_int_equal(flow_send(t.flow, str_make(bytes, sizeof bytes)), ERR_OK);
    assert_int_equal(flow_send(t.flow, str_make(bytes, sizeof bytes)), ERR_OK);
    assert_true(flow_waiting(t.flow) > sizeof bytes);
    flow_cut(t.flow);
    t.flow = NULL;
    WAIT_FOR(gateway_connections(t.gateway) == 0);
    assert_int_equal(t.gone, 0);
    close(fd);
}

static void they_are_not_in_the_cap_of_connections(void **state)
{
    struct flow *first;
    int one = client(), two;

    (void)state;
    first = t.flow;
    two = client();
    assert_int_equal(gateway_connections(t.gateway), 2);
    flow_end(first);
    close(one);
    close(two);
    WAIT_FOR(gateway_connections(t.gateway) == 0);
}

#define with_gateway(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_gateway(pieces_come_as_they_are_sent),
        with_gateway(a_client_that_leaves_is_told_of_once),
        with_gateway(what_is_not_taken_waits_and_can_be_cut),
        with_gateway(they_are_not_in_the_cap_of_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
