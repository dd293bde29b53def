/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "http/conditional.h"

static void lists_are_searched(void **state)
{
    static const struct {
        const char *field;
        bool listed;
    } cases[] = {
        {"*", true},
        {" * ", true},
        {"\"5\"", true},
        {"W/\"5\"", true},
        {"\"5-gzip\"", true},
        {"W/\"5;gzip\"", true},
        {"\"4\", \"5\"", true},
        {"\"4\",W/\"5\" , \"6\"", true},
        {", ,\"5\",,", true},
        {"\"a,b\", \"5\"", true},
        {"\"55\"", false},
        {"\"5-other\"", false},
        {"5", false},
        {"\"5", false},
        {"\"4\" \"5\"", false},
        {"\"5\" x", false},
        {"w/\"5\"", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(etag_is_listed(str_from(cases[i].field), STR("\"5\"")), cases[i].listed);
    assert_true(etag_is_listed(STR("W/\"ab\""), STR("W/\"ab\"")));
    assert_true(etag_is_listed(STR("\"ab\""), STR("W/\"ab\"")));
}

static void one_tag_is_known_from_a_list(void **state)
{
    (void)state;
    assert_true(etag_is_single(STR("\"5\"")));
    assert_true(etag_is_single(STR(" W/\"5\" ")));
    assert_false(etag_is_single(STR("*")));
    assert_false(etag_is_single(STR("\"5\", \"6\"")));
    assert_false(etag_is_single(STR("")));
}

/* The SHA-256 of "abc" begins ba7816bf 8f01cfea 414140de 5dae2223 (FIPS 180-4's example). */
static void a_tag_is_half_a_digest(void **state)
{
    char room[ETAG_SIZE];

    (void)state;
    assert_str(etag_of(STR("abc"), false, room), "\"ba7816bf8f01cfea414140de5dae2223\"");
    assert_str(etag_of(STR("abc"), true, room), "W/\"ba7816bf8f01cfea414140de5dae2223\"");
    assert_true(etag_is_listed(etag_of(STR("abc"), true, room),
                               STR("\"ba7816bf8f01cfea414140de5dae2223\"")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_is_half_a_digest),
        cmocka_unit_test(lists_are_searched),
        cmocka_unit_test(one_tag_is_known_from_a_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
