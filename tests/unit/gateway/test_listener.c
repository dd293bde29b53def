/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit.h"
#include "base/log.h"

enum { FDS = 4 };

static int bind_here(const char *text)
{
    int fd = -1;

    assert_int_equal(listener_bind(text, 0, &fd), ERR_OK);
    return fd;
}

static void a_tcp_address_is_listened_on(void **state)
{
    static const char *const addresses[] = {"127.0.0.1:0", "[::1]:0", ":0", "localhost:0"};
    int on, fd;
    socklen_t size = sizeof on;

    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        if (listener_bind(addresses[i], 0, &fd) != ERR_OK) {
            assert_int_equal(i, 1); /* a host without IPv6 */
            continue;
        }
        assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size), 0);
        assert_true(on);
        close(fd);
    }
}

static void a_port_that_is_taken_is_told(void **state)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    char text[32];
    int fd = bind_here("127.0.0.1:0"), second;

    (void)state;
    getsockname(fd, (struct sockaddr *)&address, &size);
    snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(listener_bind(text, 0, &second), ERR_EXISTS);
    close(fd);
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const texts[] = {"",        "9000",  "host:",         "host:70000",
                                        "host:-1", "unix:", "127.0.0.1:http"};
    char longer[300];
    int fd;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(listener_bind(texts[i], 0, &fd), ERR_SYNTAX);
    memset(longer, 'a', sizeof longer);
    memcpy(longer + sizeof longer - 3, ":1", 3);
    assert_int_equal(listener_bind(longer, 0, &fd), ERR_SYNTAX);
    memcpy(longer, "unix:", 5);
    assert_int_equal(listener_bind(longer, 0, &fd), ERR_SYNTAX);
    assert_int_equal(listener_bind("unix:/nowhere/at/all", 0, &fd), ERR_IO);
    assert_int_equal(listener_bind("no such host:1", 0, &fd), ERR_IO);
}

static void a_socket_has_the_mode_asked_for(void **state)
{
    char folder[] = "/tmp/larder-listener-XXXXXX", text[64];
    struct stat info;
    int fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(text, sizeof text, "unix:%s/s", folder);
    assert_int_equal(listener_bind(text, 0660, &fd), ERR_OK);
    assert_int_equal(stat(text + 5, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0660);
    close(fd);
    unlink(text + 5);
    rmdir(folder);
}

/* Puts fd where another process would have left it; returns what was there. */
static int put_at(int fd, int place)
{
    int saved = fcntl(place, F_DUPFD_CLOEXEC, 100);

    assert_int_equal(dup2(fd, place), place);
    return saved;
}

static void put_back(int saved, int place)
{
    if (saved >= 0)
        dup2(saved, place);
    else
        close(place);
    if (saved >= 0)
        close(saved);
}

static void the_first_descriptor_is_taken_when_it_listens(void **state)
{
    int fds[FDS], fd = bind_here("127.0.0.1:0"), null = open("/dev/null", O_RDONLY);
    int saved = put_at(fd, 0);

    (void)state;
    assert_int_equal(listener_inherited(fds, FDS), 1);
    assert_int_equal(fds[0], 0);
    dup2(null, 0);
    assert_int_equal(listener_inherited(fds, FDS), 0);
    put_back(saved, 0);
    close(fd);
    close(null);
}

static void descriptors_of_systemd_are_ours_by_its_pid(void **state)
{
    int fds[FDS], fd = fcntl(bind_here("127.0.0.1:0"), F_DUPFD_CLOEXEC, 50);
    int null = fcntl(open("/dev/null", O_RDONLY), F_DUPFD_CLOEXEC, 60);
    int first = put_at(fd, 3), second = put_at(null, 4), third = put_at(fd, 5);
    int in = put_at(null, 0);
    char pid[16];

    (void)state;
    setenv("LISTEN_FDS", "3", 1);
    setenv("LISTEN_PID", "1", 1);
    assert_int_equal(listener_inherited(fds, FDS), 0);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    assert_int_equal(listener_inherited(fds, FDS), 2);
    assert_int_equal(fds[0], 3);
    assert_int_equal(fds[1], 5);
    assert_int_equal(listener_inherited(fds, 1), 1);
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    put_back(in, 0);
    put_back(third, 5);
    put_back(second, 4);
    put_back(first, 3);
    close(fd);
    close(null);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tcp_address_is_listened_on),
        cmocka_unit_test(a_port_that_is_taken_is_told),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_socket_has_the_mode_asked_for),
        cmocka_unit_test(the_first_descriptor_is_taken_when_it_listens),
        cmocka_unit_test(descriptors_of_systemd_are_ours_by_its_pid),
    };

    log_setup(LOG_OFF, LOG_JSON);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
