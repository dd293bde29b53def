/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <float.h>

#include "http/query.h"

static const struct str sorts[] = {STR_INIT("-date"), STR_INIT("date")};
static const struct str names[] = {STR_INIT("_id"), STR_INIT("name"), STR_INIT("price")};

static const struct query_param params[] = {
    {.name = STR_INIT("after"), .type = PARAM_CURSOR, .max = 20},
    {.name = STR_INIT("category"), .type = PARAM_STRING, .min = 1, .max = 10},
    {.name = STR_INIT("fields"), .type = PARAM_CHOICES, .choices = names, .choice_count = 3},
    {.name = STR_INIT("ids"), .type = PARAM_IDS, .max = 3},
    {.name = STR_INIT("inStock"), .type = PARAM_BOOL},
    {.name = STR_INIT("limit"),
     .type = PARAM_UINT,
     .min = 1,
     .max = 100,
     .initial = STR_INIT("20")},
    {.name = STR_INIT("minPrice"), .type = PARAM_NUMBER, .max = DBL_MAX},
    {.name = STR_INIT("page"), .type = PARAM_UINT, .min = 1, .max = 1e9, .initial = STR_INIT("1")},
    {.name = STR_INIT("sort"),
     .type = PARAM_CHOICE,
     .choices = sorts,
     .choice_count = 2,
     .initial = STR_INIT("-date")},
};
enum { PARAMS = sizeof params / sizeof *params };

struct spelling {
    const char *query, *canonical;
};

static void one_text_for_all_spellings(void **state)
{
    static const struct spelling spellings[] = {
        {"", ""},
        {"&&", ""},
        {"page=1", ""},
        {"page=01&limit=20&sort=-date", ""},
        {"limit=10&page=2", "limit=10&page=2"},
        {"page=2&limit=10", "limit=10&page=2"},
        {"page=2&limit=10&utm_source=x&_=123&fbclid=%zz&gclid", "limit=10&page=2"},
        {"%70age=%32&limit=010", "limit=10&page=2"},
        {"minPrice=10", "minPrice=10"},
        {"minPrice=10.0", "minPrice=10"},
        {"minPrice=1e1", "minPrice=10"},
        {"minPrice=-0", "minPrice=0"},
        {"minPrice=1e%2B1", "minPrice=10"},
        {"category=a+b", "category=a%20b"},
        {"category=a%20b", "category=a%20b"},
        {"category=a%2Bb", "category=a%2Bb"},
        {"category=a%26b%3D1", "category=a%26b%3D1"},
        {"category=%C3%A9", "category=%C3%A9"},
        {"category=\xc3\xa9", "category=%C3%A9"},
        {"category=a=b", "category=a%3Db"},
        {"category=a-b_c.d~e%7E", "category=a-b_c.d~e~"},
        {"inStock=true", "inStock=true"},
        {"fields=price,name,price", "fields=name%2Cprice"},
        {"fields=_id,name,price", "fields=name%2Cprice"},
        {"fields=_id", "fields=_id"},
        {"category=a%0a", "category=a%0A"},
        {"ids=00000000000000000000000A,00000000000000000000000a", "ids=00000000000000000000000a"},
    };
    struct problem problem;
    struct query query;
    struct arena arena;

    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        arena_init(&arena, NULL, 0);
        problem_init(&problem, &arena);
        assert_int_equal(
            query_parse(&query, params, PARAMS, str_from(spellings[i].query), &arena, &problem),
            ERR_OK);
        assert_str(query_text(&query, UINT32_MAX, &arena), spellings[i].canonical);
        arena_reset(&arena);
    }
}

static void errors_name_the_parameter(void **state)
{
    static const struct spelling wrong[] = {
        {"colour=red", "colour"},
        {"page=1&page=1", "page"},
        {"category[$ne]=x", "category[$ne]"},
        {"%24where=1", "$where"},
        {"limit=0", "limit"},
        {"limit=101", "limit"},
        {"limit=1.0", "limit"},
        {"limit=+1", "limit"},
        {"limit=18446744073709551617", "limit"},
        {"limit", "limit"},
        {"minPrice=-1", "minPrice"},
        {"minPrice=1e999", "minPrice"},
        {"minPrice=NaN", "minPrice"},
        {"minPrice=0x10", "minPrice"},
        {"category=", "category"},
        {"category=12345678901", "category"},
        {"category=%", "category"},
        {"category=%0", "category"},
        {"category=%00", "category"},
        {"category=\n", "category"},
        {"category=%ff", "category"},
        {"category=%ed%a0%80", "category"},
        {"inStock=1", "inStock"},
        {"inStock=TRUE", "inStock"},
        {"sort=name", "sort"},
        {"fields=name,", "fields"},
        {"fields=secret", "fields"},
        {"ids=xyz", "ids"},
        {"ids=", "ids"},
        {"ids=00000000000000000000000a,00000000000000000000000b,00000000000000000000000c,"
         "00000000000000000000000d",
         "ids"},
        {"after=a+b", "after"},
        {"after=aaaaaaaaaaaaaaaaaaaaaaaaa", "after"},
    };
    struct problem problem;
    struct query query;
    struct arena arena;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        arena_init(&arena, NULL, 0);
        problem_init(&problem, &arena);
        assert_int_equal(
            query_parse(&query, params, PARAMS, str_from(wrong[i].query), &arena, &problem),
            ERR_INVALID);
        assert_int_equal(problem.count, 1);
        assert_str(problem.errors[0].field, wrong[i].canonical);
        arena_reset(&arena);
    }
}

static void all_errors_are_told(void **state)
{
    struct problem problem;
    struct query query;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0);
    problem_init(&problem, &arena);
    assert_int_equal(
        query_parse(&query, params, PARAMS, STR("limit=0&x=1&inStock=no&page=2"), &arena, &problem),
        ERR_INVALID);
    assert_int_equal(problem.count, 3);
    assert_str(problem.errors[0].message, "must be a whole number from 1 to 100");
    arena_reset(&arena);
}

static void values_are_typed_and_defaults_stand(void **state)
{
    struct problem problem;
    struct query query;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0);
    problem_init(&problem, &arena);
    assert_int_equal(
        query_parse(&query, params, PARAMS, STR("minPrice=2.50&fields=price"), &arena, &problem),
        ERR_OK);
    assert_int_equal(query.values[5].integer, 20);
    assert_false(query.values[5].given);
    assert_int_equal(query.values[8].choice, 0);
    assert_true(query.values[6].number > 2.49 && query.values[6].number < 2.51);
    assert_int_equal(query.values[2].choices, 4);
    assert_str(query_text(&query, 1u << 6, &arena), "minPrice=2.5");
    assert_int_equal(query_set_bool(&query, 4, true), ERR_OK);
    assert_int_equal(query_set_bool(&query, 4, true), ERR_INVALID);
    assert_str(query_text(&query, 1u << 4, &arena), "inStock=true");
    arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_text_for_all_spellings),
        cmocka_unit_test(errors_name_the_parameter),
        cmocka_unit_test(all_errors_are_told),
        cmocka_unit_test(values_are_typed_and_defaults_stand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
