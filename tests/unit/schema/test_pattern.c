/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "schema/pattern.h"

static enum err match(const char *text, struct str s)
{
    struct buf why = BUF_INIT(256);
    struct pattern *pattern;
    enum err err;

    assert_int_equal(pattern_new(str_from(text), &pattern, &why), ERR_OK);
    err = pattern_match(pattern, s);
    pattern_free(pattern);
    buf_free(&why);
    return err;
}

static void any_part_may_match(void **state)
{
    (void)state;
    assert_int_equal(match("b", STR("abc")), ERR_OK);
    assert_int_equal(match("^b", STR("abc")), ERR_NOT_FOUND);
    assert_int_equal(match("", STR("")), ERR_OK);
    assert_int_equal(match("^$", str_make(NULL, 0)), ERR_OK);
}

static void the_end_is_the_end(void **state)
{
    (void)state;
    assert_int_equal(match("^a$", STR("a")), ERR_OK);
    assert_int_equal(match("^a$", STR("a\n")), ERR_NOT_FOUND);
}

static void characters_are_code_points(void **state)
{
    (void)state;
    assert_int_equal(match("^.$", STR("\xf0\x9f\x8d\x9c")), ERR_OK);
    assert_int_equal(match("^\\u00e9$", STR("\xc3\xa9")), ERR_OK);
    assert_int_equal(match("^[]$", STR("]")), ERR_NOT_FOUND);
}

static void what_is_no_expression_is_told(void **state)
{
    struct buf why = BUF_INIT(256);
    struct pattern *pattern;

    (void)state;
    assert_int_equal(pattern_new(STR("a("), &pattern, &why), ERR_INVALID);
    assert_null(pattern);
    assert_str(buf_view(&why), "missing closing parenthesis at offset 2");
    buf_reset(&why);
    assert_int_equal(pattern_new(STR("\\C"), &pattern, &why), ERR_INVALID);
    buf_free(&why);
    pattern_free(NULL);
}

/* Expressions that take for ever without a bound. */
static void work_is_bounded(void **state)
{
    static const char *const costly[] = {"^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*b",
                                         "^(([a-z])+.)+[A-Z]([a-z])+$"};
    struct str text;
    char room[60000];

    (void)state;
    memset(room, 'a', sizeof room);
    room[sizeof room - 1] = '!';
    text = str_make(room, sizeof room);
    for (size_t i = 0; i < sizeof costly / sizeof *costly; i++) {
        int64_t begin = clock_mono_ms();
        assert_int_not_equal(match(costly[i], text), ERR_OK);
        assert_true(clock_mono_ms() - begin < 2000);
    }
    assert_int_equal(match("^(a+)+$", text), ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_part_may_match),
        cmocka_unit_test(the_end_is_the_end),
        cmocka_unit_test(characters_are_code_points),
        cmocka_unit_test(what_is_no_expression_is_told),
        cmocka_unit_test(work_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
