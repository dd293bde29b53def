/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <sodium.h>
#include <stdio.h>

#include "base/clock.h"
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

/* Whoever could write one that asks for gigabytes, or minutes, would halt the workers with it. */
static void test_what_costs_too_much_is_not_compared(void **state)
{
    static const char *const forms[] = {
        "m=4194304,t=10,p=1$", "m=65536,t=4294967295,p=1$", "m=65536,t=2$", "m=,t=2,p=1$", "", "$"};
    char hash[PASSWORD_HASH_SIZE], salt[] = "AAAAAAAAAAAAAAAAAAAAAA$";
    int64_t begun_ms = clock_mono_ms();

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        snprintf(hash, sizeof hash, "$argon2id$v=19$%s%s%s%s", forms[i], salt, salt, salt);
        assert_false(password_matches(STR("correct horse"), hash));
    }
    assert_true(clock_mono_ms() - begun_ms < 60000);
}

static void test_hashes_of_other_costs(void **state)
{
    static const struct {
        unsigned long long passes;
        size_t memory;
        bool good;
    } costs[] = {{3, (size_t)128 << 20, true}, {8, 1 << 20, true}, {9, 1 << 20, false}};
    char hash[PASSWORD_HASH_SIZE];

    (void)state;
    assert_int_not_equal(sodium_init(), -1);
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
        assert_int_equal(crypto_pwhash_str(hash, "correct horse", strlen("correct horse"),
                                           costs[i].passes, costs[i].memory),
                         0);
        assert_int_equal(password_matches(STR("correct horse"), hash), costs[i].good);
    }
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
        cmocka_unit_test(test_what_costs_too_much_is_not_compared),
        cmocka_unit_test(test_hashes_of_other_costs),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
