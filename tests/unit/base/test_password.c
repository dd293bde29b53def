/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "base/password.h"

static void test_what_was_hashed_matches_and_nothing_else(void **state)
{
    char one[PASSWORD_HASH_SIZE], two[PASSWORD_HASH_SIZE];

    (void)state;
    assert_int_equal(password_hash(STR("correct horse"), one), ERR_OK);
    assert_int_equal(password_hash(STR("correct horse"), two), ERR_OK);
    assert_memory_equal(one, "$argon2id$v=19$m=65536,t=2,p=1$", 31);
    assert_string_not_equal(one, two);
    assert_true(password_matches(STR("correct horse"), one));
    assert_false(password_matches(STR("correct horsf"), one));
    assert_false(password_matches(STR(""), one));
    one[strlen(one) - 2] ^= 1;
    assert_false(password_matches(STR("correct horse"), one));
}

static void test_no_hash_is_matched_by_nothing(void **state)
{
    (void)state;
    assert_false(password_matches(STR("x"), NULL));
    assert_false(password_matches(STR(""), ""));
    assert_false(password_matches(STR("plain"), "plain"));
}

static void test_bounds(void **state)
{
    static char text[PASSWORD_MAX + 1];
    char hash[PASSWORD_HASH_SIZE];

    (void)state;
    memset(text, 'a', sizeof text);
    assert_int_equal(password_acceptable(STR("1234567")), ERR_RANGE);
    assert_int_equal(password_acceptable(STR("12345678")), ERR_OK);
    assert_int_equal(password_acceptable(str_make(text, PASSWORD_MAX)), ERR_OK);
    assert_int_equal(password_acceptable(str_make(text, PASSWORD_MAX + 1)), ERR_RANGE);
    assert_int_equal(password_acceptable(STR("1234567\n8")), ERR_SYNTAX);
    assert_int_equal(password_acceptable(STR("12345678\xff")), ERR_SYNTAX);
    assert_int_equal(password_hash(str_make(text, PASSWORD_MAX + 1), hash), ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_hashed_matches_and_nothing_else),
        cmocka_unit_test(test_no_hash_is_matched_by_nothing),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
