/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/notify.h"

/* A manager's socket; name begins with '/' or, for an abstract one, with '@'. */
static int manager(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0 && len < sizeof address.sun_path);
    memcpy(address.sun_path, name, len);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    assert_int_equal(bind(fd, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void assert_told(int fd, const char *state)
{
    char got[64] = {0};

    assert_int_equal(recv(fd, got, sizeof got - 1, 0), strlen(state));
    assert_string_equal(got, state);
}

static void test_a_manager_is_told(void **state)
{
    char name[64];
    int fd;

    (void)state;
    snprintf(name, sizeof name, "/tmp/larder-notify-%d", (int)getpid());
    fd = manager(name);
    notify_manager("READY=1");
    assert_told(fd, "READY=1");
    close(fd);
    unlink(name);
}

static void test_a_manager_with_an_abstract_name_is_told(void **state)
{
    char name[64];
    int fd;

    (void)state;
    snprintf(name, sizeof name, "@larder-notify-%d", (int)getpid());
    fd = manager(name);
    notify_manager("STOPPING=1");
    assert_told(fd, "STOPPING=1");
    close(fd);
}

static void test_nobody_is_told_where_nobody_listens(void **state)
{
    static char name[300];

    (void)state;
    unsetenv("NOTIFY_SOCKET");
    notify_manager("READY=1");
    for (size_t i = 0; i < 4; i++) {
        setenv("NOTIFY_SOCKET", (const char *const[]){"", "/", "relative", "/nonexistent"}[i], 1);
        notify_manager("READY=1");
    }
    memset(name, '/', sizeof name - 1);
    setenv("NOTIFY_SOCKET", name, 1);
    notify_manager("READY=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_manager_is_told),
        cmocka_unit_test(test_a_manager_with_an_abstract_name_is_told),
        cmocka_unit_test(test_nobody_is_told_where_nobody_listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
