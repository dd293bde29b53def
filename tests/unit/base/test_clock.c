/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "base/clock.h"

/* 2026-11-23T17:00:00Z */
#define THEN INT64_C(1795453200000)
#define HOUR INT64_C(3600000)

static void times_as_files_have_them(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: none */
    } cases[] = {
        {"2026-11-23T17:00:00Z", THEN},
        {"2026-11-23", THEN - 17 * HOUR},
        {"2026-11-23 17:00:00", THEN},
        {"2026-11-23 17:00", THEN},
        {"2026-11-23t17:00:00z", THEN},
        {"2026-11-23 17:00:00.250", THEN + 250},
        {"2026-11-23T17:00:00+0530", THEN - 5 * HOUR - HOUR / 2},
        {"2026-11-23 17:00:00-08", THEN + 8 * HOUR},
        {"2026-11-23 17:00:00 +01:00", THEN - HOUR},
        {"2026-11-23 17:00:00 UTC", THEN},
        {"2026-11-23 ", -1},
        {"2026-11-23  17:00:00", -1},
        {"2026-11-23 17:00:00 CET", -1},
        {"2026-11-23 17", -1},
        {"2026-11-23T17:00:00+05:3", -1},
        {"2026-11-23 25:00:00", -1},
        {"23.11.2026", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;

        (void)clock_parse_loose(str_from(cases[i].text), &ms);
        if (ms != cases[i].ms)
            fail_msg("%s: %lld", cases[i].text, (long long)ms);
    }
}

static void the_api_is_strict(void **state)
{
    static const char *const bad[] = {"2026-11-23 17:00:00", "2026-11-23T17:00:00",
                                      "2026-11-23T17:00:00+0530", "2026-11-23T17:00:00 z"};
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(clock_parse_iso(str_from(bad[i]), &ms), ERR_SYNTAX);
}

/* RFC 3339, 5.6: T and Z may be in lower case. */
static void letters_of_times_have_no_case(void **state)
{
    int64_t upper, lower;

    (void)state;
    assert_int_equal(clock_parse_iso(STR("2026-11-23T17:00:00Z"), &upper), ERR_OK);
    assert_int_equal(clock_parse_iso(STR("2026-11-23t17:00:00z"), &lower), ERR_OK);
    assert_int_equal(lower, upper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_as_files_have_them),
        cmocka_unit_test(the_api_is_strict),
        cmocka_unit_test(letters_of_times_have_no_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
