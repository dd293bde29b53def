/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include <stdio.h>

#include "app/read/tally.h"

static void add(struct tally *tally, uint64_t group, const char *json, int64_t count)
{
    assert_int_equal(tally_add(tally, group, str_from(json), count), ERR_OK);
}

static void assert_top(struct tally *tally, const char *const *expected, size_t count)
{
    const struct tally_item *items;

    assert_int_equal(tally_top(tally, 100, &items), count);
    for (size_t i = 0; i < count; i++)
        assert_true(str_eq(items[i].json, str_from(expected[i])));
}

static void test_a_group_counts_a_value_once(void **state)
{
    struct tally *tally = tally_new(1000);
    const struct tally_item *items;

    (void)state;
    add(tally, 1, "\"a\"", 3);
    add(tally, 1, "\"b\"", 3);
    add(tally, 1, "\"a\"", 3);
    add(tally, 2, "\"a\"", 1);
    assert_int_equal(tally_top(tally, 1, &items), 1);
    assert_true(str_eq(items[0].json, STR("\"a\"")));
    assert_int_equal(items[0].count, 4);
    tally_free(tally);
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
    struct tally *tally = tally_new(10000);

    (void)state;
    for (size_t i = COUNT_; i > 0; i--)
        add(tally, 1, order[i - 1], 1);
    assert_top(tally, order, COUNT_);
    tally_free(tally);
}

static void test_many_values_and_too_many(void **state)
{
    struct tally *tally = tally_new(100000);
    const struct tally_item *items;
    char text[16];
    int i = 0;

    (void)state;
    for (; i < 1000; i++) {
        snprintf(text, sizeof text, "%d", i);
        add(tally, 1, text, 1000 - i);
    }
    assert_int_equal(tally_top(tally, 10, &items), 10);
    assert_true(str_eq(items[9].json, STR("9")));
    tally_free(tally);
    tally = tally_new(50);
    add(tally, 1, "1", 1);
    assert_int_equal(tally_add(tally, 1, STR("\"a text that has no room any more\""), 1),
                     ERR_TOO_LARGE);
    tally_free(tally);
    tally_free(NULL);
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
