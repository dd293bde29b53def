/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/byte_lock.h"

static char path[64];
static int one = -1, other = -1;

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/larder-byte-lock-%ld", (long)getpid());
    one = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    other = open(path, O_RDWR);
    return one >= 0 && other >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    close(one);
    close(other);
    return unlink(path);
}

static void test_a_byte_is_one_descriptions(void **state)
{
    (void)state;
    assert_true(byte_lock(one, 3));
    assert_false(byte_lock(other, 3));
    assert_true(byte_is_locked(other, 3));
    assert_false(byte_is_locked(one, 3)); /* its own */
    byte_unlock(other, 3);                /* which it has not */
    assert_true(byte_is_locked(other, 3));
    byte_unlock(one, 3);
    assert_false(byte_is_locked(other, 3));
    assert_true(byte_lock(other, 3));
}

static void test_the_next_byte_is_free(void **state)
{
    (void)state;
    assert_true(byte_lock(one, 0));
    assert_true(byte_lock(other, 1));
    assert_false(byte_is_locked(one, 2));
}

static void test_a_killed_process_gives_it_back(void **state)
{
    int ready[2];
    char byte;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        int own = open(path, O_RDWR);
        (void)!write(ready[1], byte_lock(own, 7) ? "y" : "n", 1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_false(byte_lock(one, 7));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(byte_lock(one, 7));
    close(ready[0]);
    close(ready[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_byte_is_one_descriptions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_next_byte_is_free, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_killed_process_gives_it_back, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
