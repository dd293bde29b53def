/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "base/email.h"

static void test_takes_addresses_in_lower_case(void **state)
{
    char room[EMAIL_MAX];
    struct str email;

    (void)state;
    assert_int_equal(email_normalise(STR("Ada.L+x@Example.ORG"), room, &email), ERR_OK);
    assert_str(email, "ada.l+x@example.org");
    assert_int_equal(email_normalise(STR("a@b"), room, &email), ERR_OK);
}

static void test_refuses_what_is_none(void **state)
{
    static const char *const bad[] = {"",      "a",       "@",      "a@",     "@b",         "a@b@c",
                                      "a b@c", "a@b\n",   "a@b,c",  "a\"@b",  "\xc3\xa9@b", "a@<b>",
                                      "a@b;",  "a@b\x7f", "a(c)@b", "a@[::1]"};
    static char large[EMAIL_MAX + 1];
    char room[EMAIL_MAX];
    struct str email;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(email_normalise(str_from(bad[i]), room, &email), ERR_SYNTAX);
    memset(large, 'a', sizeof large);
    large[1] = '@';
    assert_int_equal(email_normalise(str_make(large, EMAIL_MAX), room, &email), ERR_OK);
    assert_int_equal(email_normalise(str_make(large, EMAIL_MAX + 1), room, &email), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_addresses_in_lower_case),
        cmocka_unit_test(test_refuses_what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
