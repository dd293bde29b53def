/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include "app/write/body.h"

struct fixture {
    struct arena arena;
    struct problem problem;
};

static void begin(struct fixture *fixture)
{
    arena_init(&fixture->arena, NULL, 0);
    problem_init(&fixture->problem, &fixture->arena);
}

static void json_is_read_strictly(void **state)
{
    static const char *const wrong[] = {
        "",
        " ",
        "null",
        "1",
        "\"a\"",
        "[]",
        "{",
        "{}}",
        "{} {}",
        "{}x",
        "\xef\xbb\xbf{}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":1}}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":-Infinity}",
        "{\"a\":1e999}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":0x1}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":\"\\u0000\"}",
        "{\"\\u0000\":1}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\\ud800\"}",
        "{\"a\":\"\\x41\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc0\xaf\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":tru}",
        "{\"a\":True}",
        "{} // comment",
        "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
    };

    struct fixture fixture;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        json_t *root = NULL;
        begin(&fixture);
        assert_int_equal(body_parse(str_from(wrong[i]), false, &fixture.problem, &root),
                         ERR_SYNTAX);
        assert_int_equal(fixture.problem.count, 1);
        assert_str(fixture.problem.errors[0].field, "body");
        arena_reset(&fixture.arena);
    }
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{\"a\":tru}", "is not valid JSON (column 8)"},
        {"{} {}", "goes on behind its end (column 4)"},
        {"{\n\"a\":1,\n\"a\":2}", "has a key twice in one object (line 3, column 3)"},
        {"{\"a\":\"\xff\"}", "is not UTF-8"},
    };
    struct fixture fixture;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *root = NULL;
        begin(&fixture);
        (void)body_parse(str_from(cases[i].text), false, &fixture.problem, &root);
        assert_str(fixture.problem.errors[0].message, cases[i].message);
        arena_reset(&fixture.arena);
    }
}

static void a_nul_byte_does_not_end_the_text(void **state)
{
    struct fixture fixture;
    json_t *root;

    (void)state;
    begin(&fixture);
    assert_int_equal(body_parse(STR("{}\0{}"), false, &fixture.problem, &root), ERR_SYNTAX);
    arena_reset(&fixture.arena);
}

static json_t *parse(const char *text)
{
    struct fixture fixture;
    json_t *root = NULL;

    begin(&fixture);
    if (body_parse(str_from(text), false, &fixture.problem, &root) != ERR_OK)
        root = NULL;
    arena_reset(&fixture.arena);
    return root;
}

static void integers_are_kept_to_the_digit(void **state)
{
    static const struct {
        const char *text;
        json_int_t integer;
        double real; /* when it is none */
    } cases[] = {
        {"{\"a\":9223372036854775807}", INT64_MAX, 0},
        {"{\"a\":-9223372036854775808}", INT64_MIN, 0},
        {"{\"a\":9007199254740993}", 9007199254740993, 0},
        {"{\"a\":100000000000000000000}", 0, 1e20},
        {"{\"b\":\"-1\\\"9223372036854775808\",\"a\":9223372036854775808}", 0, 0x1p63},
        {"{\"a\":-10000000000000000000}", 0, -1e19},
        {"{\"a\":2.0}", 0, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *root = parse(cases[i].text), *a = json_object_get(root, "a");
        if (cases[i].real != 0) {
            assert_true(json_is_real(a));
            assert_true(json_real_value(a) == cases[i].real);
        } else {
            assert_true(json_is_integer(a));
            assert_int_equal(json_integer_value(a), cases[i].integer);
        }
        json_decref(root);
    }
    assert_null(parse("{\"a\":100000000000000000001}"));
    assert_null(parse("{\"a\":9223372036854775809}"));
    assert_null(parse("{\"a\":[1e999]}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_read_strictly),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(a_nul_byte_does_not_end_the_text),
        cmocka_unit_test(integers_are_kept_to_the_digit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
