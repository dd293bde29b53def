/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include <stdio.h>

#include "app/read/counts.h"

static void add(struct counts *counts, uint64_t group, const char *json, int64_t count)
{
    assert_int_equal(counts_add(counts, group, str_from(json), count), ERR_OK);
}

static void assert_top(struct counts *counts, const char *const *expected, size_t count)
{
    const struct counts_item *items;

    assert_int_equal(counts_top(counts, 100, &items), count);
    for (size_t i = 0; i < count; i++)
        assert_true(str_eq(items[i].json, str_from(expected[i])));
}

static void test_a_group_counts_a_value_once(void **state)
{
    struct counts *counts = counts_new(1000);
    const struct counts_item *items;

    (void)state;
    add(counts, 1, "\"a\"", 3);
    add(counts, 1, "\"b\"", 3);
    add(counts, 1, "\"a\"", 3);
    add(counts, 2, "\"a\"", 1);
    assert_int_equal(counts_top(counts, 1, &items), 1);
    assert_true(str_eq(items[0].json, STR("\"a\"")));
    assert_int_equal(items[0].count, 4);
    counts_free(counts);
}

static void test_the_order_of_what_is_counted_alike(void **state)
{
    static const char *const order[] = {"false",
                                        "true",
                                        "-7",
                                        "2.5",
                                        "9",
                                        "10",
                                        "\"\"",
                                        "\"\\u0001\"",
                                        "\"\\n\"",
                                        "\" \"",
                                        "\"\\\"\"",
                                        "\"B\"",
                                        "\"\\\\\"",
                                        "\"a\"",
                                        "\"a\\t\"",
                                        "\"aa\"",
                                        "\"\xc3\xa4\"",
                                        "\"\xef\xbf\xbd\"",
                                        "\"\xf0\x9f\x8d\x9b\"",
                                        "[]",
                                        "null"};
    enum { COUNT_ = sizeof order / sizeof *order };
    struct counts *counts = counts_new(10000);

    (void)state;
    for (size_t i = COUNT_; i > 0; i--)
        add(counts, 1, order[i - 1], 1);
    assert_top(counts, order, COUNT_);
    counts_free(counts);
}

static void test_many_values_and_too_many(void **state)
{
    struct counts *counts = counts_new(100000);
    const struct counts_item *items;
    char text[16];
    int i = 0;

    (void)state;
    for (; i < 1000; i++) {
        snprintf(text, sizeof text, "%d", i);
        add(counts, 1, text, 1000 - i);
    }
    assert_int_equal(counts_top(counts, 10, &items), 10);
    assert_true(str_eq(items[9].json, STR("9")));
    counts_free(counts);
    counts = counts_new(50);
    add(counts, 1, "1", 1);
    assert_int_equal(counts_add(counts, 1, STR("\"a text that has no room any more\""), 1),
                     ERR_TOO_LARGE);
    counts_free(counts);
    counts_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_group_counts_a_value_once),
        cmocka_unit_test(test_the_order_of_what_is_counted_alike),
        cmocka_unit_test(test_many_values_and_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
