/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "app/window.h"

static void test_counts_until_the_window_ends(void **state)
{
    struct windows *windows = windows_new();
    int64_t left = 0;

    (void)state;
    assert_int_equal(windows_take(windows, STR("a"), 1000, 5000, &left), 1);
    assert_int_equal(left, 1000);
    assert_int_equal(windows_take(windows, STR("a"), 1000, 5400, &left), 2);
    assert_int_equal(left, 600);
    assert_int_equal(windows_take(windows, STR("b"), 1000, 5400, &left), 1);
    assert_int_equal(windows_take(windows, STR("a"), 1000, 5999, &left), 3);
    assert_int_equal(windows_take(windows, STR("a"), 1000, 6000, &left), 1);
    assert_int_equal(left, 1000);
    windows_free(windows);
}

static void test_looks_without_counting(void **state)
{
    struct windows *windows = windows_new();
    int64_t left = 7;

    (void)state;
    assert_int_equal(windows_count(windows, STR("a"), 0, &left), 0);
    assert_int_equal(left, 0);
    windows_take(windows, STR("a"), 1000, 0, NULL);
    windows_take(windows, STR("a"), 1000, 0, NULL);
    assert_int_equal(windows_count(windows, STR("a"), 400, &left), 2);
    assert_int_equal(left, 600);
    assert_int_equal(windows_count(windows, STR("a"), 400, NULL), 2);
    assert_int_equal(windows_count(windows, STR("b"), 400, &left), 0);
    assert_int_equal(windows_count(windows, STR("a"), 1000, &left), 0);
    windows_free(windows);
}

static void test_gives_back_in_an_open_window_only(void **state)
{
    struct windows *windows = windows_new();
    int64_t left;

    (void)state;
    windows_give(windows, STR("a"), 0);
    windows_take(windows, STR("a"), 1000, 0, &left);
    windows_give(windows, STR("a"), 1);
    windows_give(windows, STR("a"), 2);
    assert_int_equal(windows_take(windows, STR("a"), 1000, 3, &left), 1);
    windows_give(windows, STR("a"), 1000);
    assert_int_equal(windows_take(windows, STR("a"), 1000, 1000, &left), 1);
    windows_free(windows);
}

/* However many there are, one that has just been counted is known a moment later. */
static void test_is_bounded(void **state)
{
    struct windows *windows = windows_new();
    int64_t left;

    (void)state;
    for (uint64_t i = 1; i < 100000; i++) {
        struct str key = str_make((const char *)&i, sizeof i);
        assert_int_equal(windows_take(windows, key, 1000000, (int64_t)i, &left), 1);
        assert_int_equal(windows_take(windows, key, 1000000, (int64_t)i, &left), 2);
    }
    windows_free(windows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_until_the_window_ends),
        cmocka_unit_test(test_looks_without_counting),
        cmocka_unit_test(test_gives_back_in_an_open_window_only),
        cmocka_unit_test(test_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
