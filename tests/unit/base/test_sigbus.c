/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sigbus.h"

enum { SIZE = 1 << 16 };

static volatile char *map_file(int *fd)
{
    char *base;

    *fd = memfd_create("guard", 0);
    assert_int_equal(ftruncate(*fd, SIZE), 0);
    base = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    assert_ptr_not_equal(base, MAP_FAILED);
    memset(base, 'x', SIZE);
    return base;
}

static void test_a_cut_mapping_is_zeros(void **state)
{
    struct sigbus_guard guard = {0};
    int fd;
    volatile char *base = map_file(&fd);

    (void)state;
    assert_int_equal(sigbus_guard_set(&guard, (void *)(uintptr_t)base, SIZE), ERR_OK);
    assert_int_equal(base[SIZE - 1], 'x');
    assert_false(guard.cut);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(base[SIZE - 1], 0);
    assert_true(guard.cut);
    base[0] = 'y'; /* goes nowhere */
    assert_int_equal(base[0], 'y');
    sigbus_guard_clear(&guard);
    munmap((void *)(uintptr_t)base, SIZE);
    close(fd);
}

static void read_unguarded(void)
{
    struct sigbus_guard guard = {0};
    int fd;
    volatile char *base = map_file(&fd);

    signal(SIGBUS, SIG_DFL);
    (void)sigbus_guard_set(&guard, (void *)(uintptr_t)base, SIZE);
    sigbus_guard_clear(&guard);
    _exit(ftruncate(fd, 0) == 0 ? base[SIZE - 1] : 0);
}

static void test_what_is_not_guarded_ends_as_ever(void **state)
{
    pid_t pid = fork();
    int status;

    (void)state;
    if (pid == 0)
        read_unguarded();
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGBUS);
}

static void test_there_are_so_many(void **state)
{
    static struct sigbus_guard guards[SIGBUS_GUARDS_MAX + 1];
    char place;

    (void)state;
    for (int i = 0; i < SIGBUS_GUARDS_MAX; i++)
        assert_int_equal(sigbus_guard_set(&guards[i], &place, 1), ERR_OK);
    assert_int_equal(sigbus_guard_set(&guards[SIGBUS_GUARDS_MAX], &place, 1), ERR_BUSY);
    sigbus_guard_clear(&guards[5]);
    assert_int_equal(sigbus_guard_set(&guards[SIGBUS_GUARDS_MAX], &place, 1), ERR_OK);
    for (int i = 0; i <= SIGBUS_GUARDS_MAX; i++)
        sigbus_guard_clear(&guards[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cut_mapping_is_zeros),
        cmocka_unit_test(test_what_is_not_guarded_ends_as_ever),
        cmocka_unit_test(test_there_are_so_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
