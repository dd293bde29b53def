/* SPDX-License-Identifier: BSD-2-Clause */
#include "stand.h"

#include "cache/lock.h"

struct fixture {
    struct stand stand;
    unsigned answers;
    enum err err;
};

static void on_done(struct lock *lock, enum err err)
{
    struct fixture *fixture = lock->context;

    fixture->err = err;
    fixture->answers++;
}

static enum err ask(struct fixture *fixture, struct lock *lock, void (*act)(struct lock *lock))
{
    unsigned before = fixture->answers;

    lock->done = on_done;
    lock->context = fixture;
    act(lock);
    while (fixture->answers == before)
        uv_run(&fixture->stand.loop, UV_RUN_ONCE);
    return fixture->err;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    stand_up(&fixture->stand);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    stand_down(&fixture->stand);
    free(fixture);
    return 0;
}

static struct lock lock_of(struct fixture *fixture, const char *resource, int64_t life_ms)
{
    struct lock lock;

    lock_init(&lock, fixture->stand.redis, STR("test"), str_from(resource), life_ms);
    return lock;
}

static void test_one_has_it(void **state)
{
    struct fixture *fixture = *state;
    struct lock one = lock_of(fixture, "a", 60000), two = lock_of(fixture, "a", 60000);
    struct lock other = lock_of(fixture, "b", 60000);

    assert_str(str_make(one.key, one.key_len), "test:lock:a");
    assert_memory_not_equal(one.token, two.token, sizeof one.token);
    assert_int_equal(ask(fixture, &one, lock_acquire), ERR_OK);
    assert_int_equal(ask(fixture, &two, lock_acquire), ERR_EXISTS);
    assert_int_equal(ask(fixture, &other, lock_acquire), ERR_OK);
    assert_int_equal(ask(fixture, &one, lock_release), ERR_OK);
    assert_int_equal(ask(fixture, &two, lock_acquire), ERR_OK);
    assert_int_equal(ask(fixture, &two, lock_release), ERR_OK);
    assert_int_equal(ask(fixture, &other, lock_release), ERR_OK);
}

static void test_nobody_touches_another_ones(void **state)
{
    struct fixture *fixture = *state;
    struct lock mine = lock_of(fixture, "c", 60000), theirs = lock_of(fixture, "c", 60000);

    assert_int_equal(ask(fixture, &mine, lock_acquire), ERR_OK);
    assert_int_equal(ask(fixture, &theirs, lock_release), ERR_NOT_FOUND);
    assert_int_equal(ask(fixture, &theirs, lock_extend), ERR_NOT_FOUND);
    assert_int_equal(ask(fixture, &mine, lock_extend), ERR_OK);
    assert_int_equal(ask(fixture, &mine, lock_release), ERR_OK);
    assert_int_equal(ask(fixture, &mine, lock_release), ERR_NOT_FOUND);
}

/* Its owner slept past its end: what another has by then stays the other's. */
static void test_it_ends_by_itself(void **state)
{
    struct fixture *fixture = *state;
    struct lock slow = lock_of(fixture, "d", 20), next = lock_of(fixture, "d", 60000);
    int64_t end = clock_mono_ms() + 5000;

    assert_int_equal(ask(fixture, &slow, lock_acquire), ERR_OK);
    while (ask(fixture, &next, lock_acquire) == ERR_EXISTS)
        assert_true(clock_mono_ms() < end);
    assert_int_equal(ask(fixture, &slow, lock_release), ERR_NOT_FOUND);
    assert_int_equal(ask(fixture, &next, lock_extend), ERR_OK);
    assert_int_equal(ask(fixture, &next, lock_release), ERR_OK);
}

static void test_without_redis(void **state)
{
    struct fixture *fixture = *state;
    struct lock lock = lock_of(fixture, "e", 60000);

    server_kill(&fixture->stand.server);
    assert_int_not_equal(ask(fixture, &lock, lock_acquire), ERR_OK);
    assert_int_not_equal(fixture->err, ERR_EXISTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_has_it),
        cmocka_unit_test(test_nobody_touches_another_ones),
        cmocka_unit_test(test_it_ends_by_itself),
        cmocka_unit_test(test_without_redis),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
