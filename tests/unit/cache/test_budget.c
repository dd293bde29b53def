/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdlib.h>

#include "cache/budget.h"

static const struct cache_class items = {.ttl_ms = 600000, .negative = true};
static const struct cache_class lists = {.ttl_ms = 300000};
static const struct cache_class sessions = {.ttl_ms = 60000, .guessed = true};

enum { NOW = 1000000 };

static struct budget *used_up(const struct cache_class *class)
{
    struct budget *budget = calloc(1, sizeof *budget);

    for (uint64_t i = 0; i < BUDGET_MAX; i++) {
        assert_true(budget_admits(budget, class, i + 1, NOW));
        assert_true(budget_take(budget, class, i + 1, true, NOW));
    }
    assert_false(budget_admits(budget, class, BUDGET_MAX + 1, NOW));
    assert_false(budget_take(budget, class, BUDGET_MAX + 1, true, NOW));
    return budget;
}

static void test_it_ends_and_begins_anew(void **state)
{
    struct budget *budget = used_up(&items);

    (void)state;
    assert_false(budget_admits(budget, &items, 1, NOW + BUDGET_MS - 1));
    assert_true(budget_admits(budget, &items, 1, NOW + BUDGET_MS));
    assert_true(budget_take(budget, &items, 1, true, NOW + BUDGET_MS));
    free(budget);
}

static void test_each_kind_has_its_own(void **state)
{
    static const struct cache_class *const all[] = {&items, &lists, &sessions};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct budget *budget = used_up(all[i]);
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(budget_admits(budget, all[j], 7, NOW), j != i);
        free(budget);
    }
}

static void test_what_is_there_is_known(void **state)
{
    struct budget *budget = used_up(&items);

    (void)state;
    assert_true(budget_take(budget, &items, 77777, false, NOW));
    assert_true(budget_admits(budget, &items, 77777, NOW));
    assert_false(budget_admits(budget, &items, 77777 + BUDGET_KNOWN, NOW)); /* its place, not it */
    free(budget);
}

static void test_what_is_there_costs_nothing(void **state)
{
    struct budget *budget = calloc(1, sizeof *budget);

    (void)state;
    for (uint64_t i = 0; i < 3 * BUDGET_MAX; i++)
        assert_true(budget_take(budget, &lists, i, false, NOW));
    assert_true(budget_admits(budget, &lists, 99999, NOW));
    free(budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_ends_and_begins_anew),
        cmocka_unit_test(test_each_kind_has_its_own),
        cmocka_unit_test(test_what_is_there_is_known),
        cmocka_unit_test(test_what_is_there_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
