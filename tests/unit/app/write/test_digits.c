/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include <stdio.h>

#include "app/write/digits.h"

static void whole_numbers_that_a_double_has_are_kept(void **state)
{
    static const char *const kept[] = {
        "{}",
        "[0.0,-0.0,1.5,1e-7,1e0,9007199254740992.0,9007199254740994.0,9007199254740994e0]",
        "[1e30,-1e30,1E+30,1e23,1.0e23,1.5e300,1.7976931348623157e308]",
        "[18446744073709551616.0,18446744073709552000.0,9.007199254740994e15,90071992547409940e-1]",
        "[9007199254740993.5,0.1000000000000000055511151231257827]", /* not whole */
        "[9007199254740993]",                                        /* read as an integer */
        "[\"9007199254740993.0\",\"\\\"9007199254740993.0\",0.00000000000000000000000]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        assert_int_equal(digits_lost(str_from(kept[i])), strlen(kept[i]));
}

static void whole_numbers_that_would_be_rounded_are_found(void **state)
{
    static const char *const lost[] = {
        "9007199254740993.0",        "-9007199254740993.0",  "9007199254740993e0",
        "9.007199254740993e15",      "90071992547409930e-1", "123456789012345678901.0",
        "1.00000000000000000001e20",
    };
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        snprintf(text, sizeof text, "{\"a\":[1.0, %s]}", lost[i]);
        assert_int_equal(digits_lost(str_from(text)), 11);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_that_a_double_has_are_kept),
        cmocka_unit_test(whole_numbers_that_would_be_rounded_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
