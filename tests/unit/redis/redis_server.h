/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_REDIS_SERVER_H
#define LARDER_TESTS_REDIS_SERVER_H

#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "redis/redis.h"

/* A redis-server of the test's own, on a Unix socket in a temporary folder. */

enum { SERVER_WAIT_MS = 10000 };

struct server {
    char folder[64], socket[96], url[128];
    pid_t pid;
};

static inline bool server_answers(const struct server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool connected;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", server->socket);
    connected = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return connected;
}

/* extra: options of redis-server, ending with NULL; or NULL. */
static inline void server_start(struct server *server, const char *const *extra)
{
    const char *argv[24] = {
        "redis-server", "--port",       "0",          "--unixsocket", server->socket, "--save", "",
        "--dir",        server->folder, "--loglevel", "warning",      "--appendonly", "no"};
    size_t argc = 13;
    int64_t end = clock_mono_ms() + SERVER_WAIT_MS;

    for (; extra != NULL && *extra != NULL && argc + 1 < sizeof argv / sizeof argv[0]; extra++)
        argv[argc++] = *extra;
    server->pid = fork();
    if (server->pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    while (!server_answers(server) && clock_mono_ms() < end)
        poll(NULL, 0, 5);
    assert_true(clock_mono_ms() < end);
}

static inline void server_kill(struct server *server)
{
    if (server->pid > 0) {
        kill(server->pid, SIGCONT);
        kill(server->pid, SIGKILL);
        waitpid(server->pid, NULL, 0);
    }
    server->pid = 0;
    unlink(server->socket);
}

static inline void server_init(struct server *server)
{
    snprintf(server->folder, sizeof server->folder, "/tmp/larder-test-XXXXXX");
    assert_non_null(mkdtemp(server->folder));
    snprintf(server->socket, sizeof server->socket, "%s/redis.sock", server->folder);
    snprintf(server->url, sizeof server->url, "unix://%s", server->socket);
}

static inline void server_free(struct server *server)
{
    char path[128];

    server_kill(server);
    snprintf(path, sizeof path, "%s/dump.rdb", server->folder);
    unlink(path);
    rmdir(server->folder);
}

/* Turns the loop until the condition holds; fails after SERVER_WAIT_MS. */
static inline void wake_up(uv_timer_t *timer)
{
    (void)timer;
}
#define wait_until(loop, condition)                                                                \
    do {                                                                                           \
        int64_t end_ = clock_mono_ms() + SERVER_WAIT_MS;                                           \
        uv_timer_t tick_;                                                                          \
        uv_timer_init((loop), &tick_);                                                             \
        uv_timer_start(&tick_, wake_up, 1, 1);                                                     \
        while (!(condition) && clock_mono_ms() < end_)                                             \
            uv_run((loop), UV_RUN_ONCE);                                                           \
        uv_close((uv_handle_t *)&tick_, NULL);                                                     \
        uv_run((loop), UV_RUN_NOWAIT);                                                             \
        assert_true(condition);                                                                    \
    } while (0)

/* A client of the server, not yet connected; its loop is made, too.  Patient: valgrind makes all of
 * this slow. */
static inline struct redis *client_make(const struct server *server, uv_loop_t *loop,
                                        struct redis_config config)
{
    struct redis_url url;
    struct redis *redis;
    const char *why;

    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(redis_url_parse(str_from(server->url), &url, &why), ERR_OK);
    assert_int_equal(uv_loop_init(loop), 0);
    config.loop = loop;
    config.url = &url;
    config.connect_timeout_ms = config.command_timeout_ms = 5000;
    redis = redis_new(&config);
    redis_url_free(&url);
    return redis;
}

/* The same, connected. */
static inline struct redis *client_start(const struct server *server, uv_loop_t *loop)
{
    struct redis *redis = client_make(server, loop, (struct redis_config){0});

    redis_wake(redis);
    wait_until(loop, redis_ready(redis));
    return redis;
}

static inline void client_end(struct redis *redis, uv_loop_t *loop)
{
    redis_close(redis, NULL, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0);
}

#endif
