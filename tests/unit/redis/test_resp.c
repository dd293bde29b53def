/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "redis/resp.h"

enum { CAP = 1 << 20, LONG = 300000 };

static void test_arguments_are_counted_bytes(void **state)
{
    struct buf scratch = BUF_INIT(CAP);
    const struct str argv[] = {STR("SET"), STR(""), STR("a\r\n\0b"), STR("0123456789")};
    static const char expected[] =
        "*4\r\n$3\r\nSET\r\n$0\r\n\r\n$5\r\na\r\n\0b\r\n$10\r\n0123456789\r\n";
    struct str text = resp_command(&scratch, 4, argv);

    (void)state;
    assert_int_equal(text.len, sizeof expected - 1);
    assert_memory_equal(text.ptr, expected, sizeof expected); /* the NUL too */
    assert_str(resp_command(&scratch, 1, &STR("PING")), "*1\r\n$4\r\nPING\r\n");
    buf_free(&scratch);
}

static void test_a_long_one_keeps_no_memory(void **state)
{
    struct buf scratch = BUF_INIT(CAP);
    static char bytes[LONG];

    (void)state;
    assert_true(resp_command(&scratch, 1, &(struct str){bytes, LONG}).len > LONG);
    assert_true(resp_command(&scratch, 1, &STR("PING")).len > 0);
    assert_true(scratch.size < LONG);
    buf_free(&scratch);
}

static void test_what_is_too_long_is_empty(void **state)
{
    struct buf scratch = BUF_INIT(1000);
    static char bytes[1000];

    (void)state;
    assert_null(resp_command(&scratch, 1, &(struct str){bytes, sizeof bytes}).ptr);
    assert_str(resp_command(&scratch, 1, &STR("PING")), "*1\r\n$4\r\nPING\r\n");
    buf_free(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments_are_counted_bytes),
        cmocka_unit_test(test_a_long_one_keeps_no_memory),
        cmocka_unit_test(test_what_is_too_long_is_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
