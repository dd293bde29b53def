/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include "app/posts.h"
#include "app/products.h"
#include "app/write/body.h"
#include "app/write/validate.h"

enum { NOW_MS = 1000000 };

struct fixture {
    struct arena arena;
    struct problem problem;
    struct draft draft;
};

static void begin(struct fixture *fixture)
{
    arena_init(&fixture->arena, NULL, 0);
    problem_init(&fixture->problem, &fixture->arena);
}

static enum err run(struct fixture *fixture, const struct resource *resource,
                    enum validate_mode mode, const char *text)
{
    json_t *root;
    enum err err;

    begin(fixture);
    err = body_parse(str_from(text), false, &fixture->problem, &root);
    if (err != ERR_OK)
        return err;
    err =
        validate(resource, root, mode, NOW_MS, &fixture->arena, &fixture->problem, &fixture->draft);
    json_decref(root);
    return err;
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

static void a_document_is_made_whole(void **state)
{
    struct fixture fixture;
    struct buf json = BUF_INIT(4096);
    struct str rest;

    (void)state;
    assert_int_equal(run(&fixture, &products, VALIDATE_CREATE,
                         "{\"category\":\"c\",\"price\":-0.0,\"name\":\"\xc3\xa9\\\"\"}"),
                     ERR_OK);
    assert_str(fixture.draft.items[0].field, "_id");
    assert_int_equal(draft_value(&fixture.draft, STR("version"))->integer, 1);
    assert_true(draft_value(&fixture.draft, STR("inStock"))->boolean);
    assert_false(draft_value(&fixture.draft, STR("featured"))->boolean);
    assert_int_equal(draft_value(&fixture.draft, STR("createdAt"))->integer, NOW_MS);
    assert_null(draft_value(&fixture.draft, STR("description")));
    draft_json(&products, &fixture.draft, &json);
    rest = str_from_offset(buf_view(&json), sizeof "{'_id':'000000000000000000000000'" - 1);
    assert_true(
        str_starts(rest, STR(",\"name\":\"\xc3\xa9\\\"\",\"price\":0,\"category\":\"c\",")));
    assert_null(memmem(json.ptr, json.len, "version", 7));
    buf_free(&json);
    arena_reset(&fixture.arena);
}

static void all_errors_come_together(void **state)
{
    static const char *const fields[] = {"x",     "_id",      "version", "name",
                                         "price", "category", "inStock"};
    struct fixture fixture;

    (void)state;
    assert_int_equal(run(&fixture, &products, VALIDATE_CREATE,
                         "{\"x\":1,\"_id\":\"a\",\"version\":9,\"name\":\"\",\"price\":\"1\","
                         "\"inStock\":1}"),
                     ERR_INVALID);
    assert_int_equal(fixture.problem.count, 7);
    for (size_t i = 0; i < 7; i++)
        assert_str(fixture.problem.errors[i].field, fields[i]);
    assert_str(fixture.problem.errors[4].message, "must be a number of at least 0");
    arena_reset(&fixture.arena);
}

static void a_change_touches_what_is_given(void **state)
{
    struct fixture fixture;

    (void)state;
    assert_int_equal(run(&fixture, &products, VALIDATE_CHANGE,
                         "{\"price\":2,\"description\":null,\"inStock\":null}"),
                     ERR_OK);
    assert_int_equal(fixture.draft.count, 5);
    assert_int_equal(fixture.draft.items[1].op, ASSIGN_UNSET);
    assert_true(draft_value(&fixture.draft, STR("inStock"))->boolean);
    assert_int_equal(fixture.draft.items[4].op, ASSIGN_INC);
    arena_reset(&fixture.arena);
    assert_int_equal(run(&fixture, &products, VALIDATE_CHANGE, "{\"name\":null}"), ERR_INVALID);
    arena_reset(&fixture.arena);
}

static void lengths_are_counted_in_characters(void **state)
{
    struct fixture fixture;
    char text[1024] = "{\"category\":\"";
    size_t at = strlen(text);

    (void)state;
    for (int i = 0; i < 100; i++, at += 2)
        memcpy(text + at, "\xc3\xa9", 2);
    memcpy(text + at, "\"}", 3);
    assert_int_equal(run(&fixture, &products, VALIDATE_CHANGE, text), ERR_OK);
    arena_reset(&fixture.arena);
    memcpy(text + at, "x\"}", 4);
    assert_int_equal(run(&fixture, &products, VALIDATE_CHANGE, text), ERR_INVALID);
    arena_reset(&fixture.arena);
}

static void posts_have_tags_and_dates(void **state)
{
    static const char *const wrong[] = {
        "{\"tags\":\"a\"}",         "{\"tags\":[1]}", "{\"tags\":[\"\"]}",
        "{\"date\":\"yesterday\"}", "{\"date\":5}",   "{\"date\":\"2026-02-29T00:00:00Z\"}",
    };
    struct fixture fixture;

    (void)state;
    assert_int_equal(run(&fixture, &posts, VALIDATE_CHANGE,
                         "{\"tags\":[\"a\",\"b\"],\"date\":\"1970-01-01T01:00:00.5+01:00\"}"),
                     ERR_OK);
    assert_int_equal(draft_value(&fixture.draft, STR("tags"))->strings.count, 2);
    assert_int_equal(draft_value(&fixture.draft, STR("date"))->integer, 500);
    arena_reset(&fixture.arena);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(run(&fixture, &posts, VALIDATE_CHANGE, wrong[i]), ERR_INVALID);
        arena_reset(&fixture.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_read_strictly),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(a_nul_byte_does_not_end_the_text),
        cmocka_unit_test(a_document_is_made_whole),
        cmocka_unit_test(all_errors_come_together),
        cmocka_unit_test(a_change_touches_what_is_given),
        cmocka_unit_test(lengths_are_counted_in_characters),
        cmocka_unit_test(posts_have_tags_and_dates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
