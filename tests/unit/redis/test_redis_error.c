/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis_error.h"

#include "../unit.h"
#include "base/idiom.h"

/* What error replies mean, as Redis 6 and later word them. */

static void test_what_replies_mean(void **state)
{
    static const struct {
        const char *text;
        enum err err;
    } cases[] = {
        {"OOM command not allowed when used memory > 'maxmemory'.", ERR_READ_ONLY},
        {"READONLY You can't write against a read only replica.", ERR_READ_ONLY},
        {"NOSCRIPT No matching script. Please use EVAL.", ERR_NOT_FOUND},
        {"NOPERM this user has no permissions", ERR_DENIED},
        {"ERR unknown command 'GETT'", ERR_PROTOCOL},
        {"ERR Error running script (call to f_e000): @user_script:1: @user_script: 1: -OOM command "
         "not allowed when used memory > 'maxmemory'.",
         ERR_READ_ONLY},
        {"ERR Error running script (call to f_e000): @user_script:1: no such thing", ERR_PROTOCOL},
        {"@user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.",
         ERR_READ_ONLY},
        {"@user_script: 1: -READONLY You can't write against a read only replica.", ERR_READ_ONLY},
        {"@user_script: 1: The user executing the script can't run this command or subcommand",
         ERR_PROTOCOL},
        {"@user_script: ", ERR_PROTOCOL},
        {"", ERR_PROTOCOL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(redis_error(str_from(cases[i].text)), cases[i].err);
}

static void test_what_was_sent_is_not_repeated(void **state)
{
    struct str words =
        redis_words(STR("ERR unknown command 'AUHT', with args beginning with: 'larder' 'secret'"));

    (void)state;
    assert_true(str_eq(words, STR("ERR unknown command 'AUHT'")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_replies_mean),
        cmocka_unit_test(test_what_was_sent_is_not_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
