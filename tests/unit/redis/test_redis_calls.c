/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "redis/redis_calls.h"

enum { TIME_MS = 50, WHOLE_MS = 200 };

static struct redis_call *call(struct redis_calls *calls, const char *name)
{
    struct redis_call *call = redis_calls_new(calls);

    call->context = (void *)name;
    redis_calls_add(calls, call);
    return call;
}

static void test_they_are_taken_in_their_order(void **state)
{
    static const char *const names[] = {"a", "b", "c"};
    struct redis_calls calls;

    (void)state;
    redis_calls_init(&calls, TIME_MS);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++)
            call(&calls, names[i]);
        for (int i = 0; i < 3; i++)
            assert_ptr_equal(redis_calls_take(&calls, calls.first).context, names[i]);
        assert_null(calls.first);
        assert_null(calls.unsent);
    }
    redis_calls_drop(&calls, redis_calls_new(&calls));
    redis_calls_free(&calls);
}

static void test_time_runs_from_sending(void **state)
{
    struct redis_calls calls;
    struct redis_call *second;

    (void)state;
    redis_calls_init(&calls, TIME_MS);
    call(&calls, "first");
    redis_calls_sent(&calls, 1000);
    second = call(&calls, "second");
    redis_calls_sent(&calls, 1030);
    assert_int_equal(calls.first->sent_ms, 1000);
    assert_int_equal(redis_calls_deadline(&calls, 0), 1000 + TIME_MS);
    (void)redis_calls_take(&calls, calls.first);
    assert_ptr_equal(calls.first, second);
    assert_int_equal(redis_calls_deadline(&calls, 0), 1030 + TIME_MS);
    (void)redis_calls_take(&calls, second);
    redis_calls_free(&calls);
}

/* What was heard before it was sent says nothing; what comes afterwards gives it time, but not for
 * ever. */
static void test_what_is_heard_prolongs_it(void **state)
{
    struct redis_calls calls;

    (void)state;
    redis_calls_init(&calls, TIME_MS);
    call(&calls, "long");
    redis_calls_sent(&calls, 1000);
    assert_int_equal(redis_calls_deadline(&calls, 990), 1000 + TIME_MS);
    assert_int_equal(redis_calls_deadline(&calls, 1040), 1040 + TIME_MS);
    assert_int_equal(redis_calls_deadline(&calls, 1000 + WHOLE_MS - TIME_MS), 1000 + WHOLE_MS);
    assert_int_equal(redis_calls_deadline(&calls, 5000), 1000 + WHOLE_MS);
    (void)redis_calls_take(&calls, calls.first);
    redis_calls_free(&calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_they_are_taken_in_their_order),
        cmocka_unit_test(test_time_runs_from_sending),
        cmocka_unit_test(test_what_is_heard_prolongs_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
