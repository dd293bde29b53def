/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "mongo/breaker.h"

static void test_opens_by_a_ping_only(void **state)
{
    struct breaker breaker = {.limit = 3};

    (void)state;
    for (int64_t now = 1; now <= 10; now++)
        assert_true(breaker_failure(&breaker, now));
    assert_false(breaker.open);
    assert_true(breaker_doubts(&breaker));
    assert_true(breaker_ping_failure(&breaker, 11, 11));
    assert_true(breaker.open);
    assert_false(breaker_ping_failure(&breaker, 12, 12)); /* it is open already */
}

static void test_takes_failures_in_a_row(void **state)
{
    struct breaker breaker = {.limit = 3};

    (void)state;
    assert_false(breaker_ping_failure(&breaker, 1, 1));
    assert_false(breaker_ping_failure(&breaker, 2, 2));
    assert_false(breaker_success(&breaker, 3));
    assert_false(breaker_doubts(&breaker));
    assert_false(breaker_ping_failure(&breaker, 4, 4));
    assert_true(breaker_failure(&breaker, 5));
    assert_true(breaker_ping_failure(&breaker, 6, 6));
}

/* Calls of before the last success end long after the server is back. */
static void test_late_failures_count_for_nothing(void **state)
{
    struct breaker breaker = {.limit = 1};

    (void)state;
    assert_true(breaker_ping_failure(&breaker, 10, 10));
    assert_true(breaker_success(&breaker, 20));
    for (int64_t begun = 0; begun <= 20; begun++) {
        assert_false(breaker_failure(&breaker, begun));
        assert_false(breaker_ping_failure(&breaker, begun, 20));
    }
    assert_false(breaker_doubts(&breaker));
    assert_true(breaker_ping_failure(&breaker, 21, 21));
}

/* Since when the server is known to be away: jobs say nothing of that, nor pings under way. */
static void test_tells_since_when(void **state)
{
    struct breaker breaker = {.limit = 3};

    (void)state;
    assert_true(breaker_failure(&breaker, 1));
    assert_int_equal(breaker.away_ns, 0);
    assert_false(breaker_ping_failure(&breaker, 2, 5));
    assert_true(breaker_ping_failure(&breaker, 6, 7));
    assert_int_equal(breaker.away_ns, 5);
    assert_true(breaker_success(&breaker, 10));
    assert_int_equal(breaker.away_ns, 0);
    assert_false(breaker_ping_failure(&breaker, 9, 11));
    assert_int_equal(breaker.away_ns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_by_a_ping_only),
        cmocka_unit_test(test_takes_failures_in_a_row),
        cmocka_unit_test(test_late_failures_count_for_nothing),
        cmocka_unit_test(test_tells_since_when),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
