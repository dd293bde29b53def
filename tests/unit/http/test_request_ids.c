/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "http/request_ids.h"

static void test_ids_of_a_process_differ(void **state)
{
    struct request_ids ids;
    char a[REQUEST_ID_SIZE], b[REQUEST_ID_SIZE];

    (void)state;
    request_ids_init(&ids, REQUEST_IDS_WORKER);
    request_ids_next(&ids, a);
    for (int i = 0; i < 1000; i++) {
        request_ids_next(&ids, b);
        assert_memory_not_equal(a, b, sizeof a);
        assert_memory_equal(a, b, sizeof a / 2);
    }
}

static int digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* No worker gives an id that the web server gives. */
static void test_workers_and_the_edge(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        struct request_ids ids;
        char id[REQUEST_ID_SIZE];

        request_ids_init(&ids, REQUEST_IDS_WORKER);
        request_ids_next(&ids, id);
        assert_true(digit(id[0]) < 8);
        request_ids_init(&ids, REQUEST_IDS_EDGE);
        request_ids_next(&ids, id);
        assert_true(digit(id[0]) >= 8);
    }
}

/* Two processes do not go through one sequence. */
static void test_the_second_half_begins_anywhere(void **state)
{
    struct request_ids one, two;
    char a[REQUEST_ID_SIZE], b[REQUEST_ID_SIZE];

    (void)state;
    request_ids_init(&one, REQUEST_IDS_WORKER);
    request_ids_init(&two, REQUEST_IDS_WORKER);
    request_ids_next(&one, a);
    request_ids_next(&two, b);
    assert_memory_not_equal(a + sizeof a / 2, b + sizeof b / 2, sizeof a / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_of_a_process_differ),
        cmocka_unit_test(test_workers_and_the_edge),
        cmocka_unit_test(test_the_second_half_begins_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
