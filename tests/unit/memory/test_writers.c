/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment.h"

#include <signal.h>
#include <sys/wait.h>

#include "memory/tags.h"

/* Processes that write, and die. */

enum { ID = 77, OTHER = 78 };
static const uint32_t slot = 17;

static bool is_fenced(struct memory *m, uint32_t of)
{
    struct memory_snapshot snapshot;

    return (memory_snapshot(m, &of, 1, NOW, &snapshot) & MEMORY_FENCED) != 0;
}

static void fence(struct memory *m, uint32_t of)
{
    memory_fence(m, of, memory_token(m), NOW, NOW + 5000 * MS);
}

/* A process that has registered and fences two tags, until it is killed. */
static pid_t start_writer(const struct fixture *f)
{
    int pipes[2];
    char done;
    pid_t pid;

    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    if (pid == 0) {
        struct memory_opened opened;
        struct memory *m = open_bytes(f->name, MEMORY_BYTES_MIN, &opened);

        if (!memory_register(m, ID))
            _exit(1);
        fence(m, slot);
        fence(m, slot + 1);
        if (write(pipes[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &done, 1), 1);
    close(pipes[0]);
    return pid;
}

static void kill_writer(pid_t pid)
{
    int status;

    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void test_fences_of_a_dead_writer_go(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot before = snapshot_of(f->a, NULL, NULL), after;
    pid_t pid = start_writer(f);

    assert_true(memory_register(f->a, OTHER));
    fence(f->a, slot + 2);
    assert_true(is_fenced(f->a, slot) && is_fenced(f->a, slot + 1));
    memory_snapshot(f->a, &slot, 1, NOW, &before);
    kill_writer(pid);
    assert_int_equal(memory_reap(f->b), ID);
    assert_false(is_fenced(f->a, slot) || is_fenced(f->a, slot + 1));
    assert_true(is_fenced(f->a, slot + 2));
    memory_snapshot(f->a, &slot, 1, NOW, &after);
    assert_true(after.tags[0].seq > before.tags[0].seq);
    assert_int_equal(memory_reap(f->b), 0);
    assert_int_equal(memory_reap(f->a), 0);
}

static void test_fences_of_a_living_writer_stay(void **state)
{
    struct fixture *f = *state;
    pid_t pid = start_writer(f);

    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_int_equal(memory_reap(f->a), 0);
    assert_true(is_fenced(f->a, slot));
    kill_writer(pid);
    assert_int_equal(memory_reap(f->a), ID);
}

/* An outcome may be unknown to one that leaves. */
static void test_fences_of_one_that_left_stay(void **state)
{
    struct fixture *f = *state;
    struct memory_opened opened;
    struct memory *m = open_bytes(f->name, MEMORY_BYTES_MIN, &opened);

    assert_true(memory_register(m, ID));
    fence(m, slot);
    memory_close(m);
    assert_int_equal(memory_reap(f->a), 0);
    assert_true(is_fenced(f->a, slot));
}

static void test_fences_of_one_that_is_not_registered_stay(void **state)
{
    struct fixture *f = *state;

    fence(f->a, slot);
    assert_true(memory_register(f->b, ID));
    assert_int_equal(memory_reap(f->a), 0);
    assert_true(is_fenced(f->a, slot));
}

/* Each process has a place of its own, and that of a dead one is not given away while its fences
 * stand. */
static void test_places_are_not_shared(void **state)
{
    struct fixture *f = *state;
    pid_t pid = start_writer(f);
    uint32_t first, second;

    kill_writer(pid);
    assert_true(memory_register(f->a, ID + 1) && memory_register(f->b, ID + 2));
    first = token_place(memory_token(f->a));
    second = token_place(memory_token(f->b));
    assert_true(first != 0 && second != 0 && first != second);
    fence(f->a, slot);
    assert_int_equal(memory_reap(f->b), ID);
    assert_true(is_fenced(f->a, slot));
    assert_int_equal(memory_reap(f->b), 0);
}

static void test_without_a_place_it_goes_on(void **state)
{
    struct fixture *f = *state;
    struct memory_opened opened;
    struct memory *others[MEMORY_WRITERS - 1];

    for (size_t i = 0; i < MEMORY_WRITERS - 1; i++) {
        others[i] = open_bytes(f->name, MEMORY_BYTES_MIN, &opened);
        assert_true(memory_register(others[i], (uint32_t)i + 1));
    }
    assert_false(memory_register(f->a, ID));
    fence(f->a, slot);
    assert_true(is_fenced(f->b, slot));
    for (size_t i = 0; i < MEMORY_WRITERS - 1; i++)
        memory_close(others[i]);
    assert_true(memory_register(f->a, ID));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_fences_of_a_dead_writer_go),
        TEST(test_fences_of_a_living_writer_stay),
        TEST(test_fences_of_one_that_left_stay),
        TEST(test_fences_of_one_that_is_not_registered_stay),
        TEST(test_places_are_not_shared),
        TEST(test_without_a_place_it_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
