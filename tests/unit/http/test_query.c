/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <float.h>

#include "http/query.h"

static const struct str sorts[] = {STR_INIT("-date"), STR_INIT("date")};
static const struct str names[] = {STR_INIT("_id"), STR_INIT("name"), STR_INIT("price"),
                                   STR_INIT("price.net")};
static const struct str sizes[] = {STR_INIT("1"), STR_INIT("2")};
static const struct value size_values[] = {{.type = VALUE_INT, .integer = 1},
                                           {.type = VALUE_INT, .integer = 2}};

enum {
    AFTER,
    CATEGORY,
    COST,
    FIELDS,
    IDS,
    IN_STOCK,
    LIMIT,
    MAX_SIZE,
    MIN_PRICE,
    NICK,
    PAGE,
    SINCE,
    SIZE,
    SORT,
    TAGS,
    PARAMS
};

static const struct query_param params[PARAMS] = {
    [AFTER] = {.name = STR_INIT("after"), .type = PARAM_CURSOR, .op = PARAM_AFTER, .max = 20},
    [CATEGORY] = {.name = STR_INIT("category"), .type = PARAM_STRING, .min = 1, .max = 10},
    [COST] = {.name = STR_INIT("cost"), .type = PARAM_DECIMAL},
    [FIELDS] = {.name = STR_INIT("fields"),
                .type = PARAM_NAMES,
                .op = PARAM_FIELDS,
                .choices = names,
                .choice_count = 4},
    [IDS] = {.name = STR_INIT("ids"), .type = PARAM_ID_LIST, .op = PARAM_IDS, .max = 3},
    [IN_STOCK] = {.name = STR_INIT("inStock"), .type = PARAM_BOOL},
    [LIMIT] = {.name = STR_INIT("limit"),
               .type = PARAM_INTEGER,
               .op = PARAM_LIMIT,
               .low = 1,
               .high = 100,
               .initial = STR_INIT("20")},
    [MAX_SIZE] = {.name = STR_INIT("maxSize"),
                  .type = PARAM_INTEGER,
                  .op = PARAM_LTE,
                  .low = INT64_MIN,
                  .high = INT64_MAX},
    [MIN_PRICE] = {.name = STR_INIT("minPrice"),
                   .type = PARAM_NUMBER,
                   .op = PARAM_GTE,
                   .max = DBL_MAX},
    [NICK] = {.name = STR_INIT("nick"), .type = PARAM_STRING, .max = 10},
    [PAGE] = {.name = STR_INIT("page"),
              .type = PARAM_INTEGER,
              .op = PARAM_PAGE,
              .low = 1,
              .high = 1000000000,
              .initial = STR_INIT("1")},
    [SINCE] = {.name = STR_INIT("since"), .type = PARAM_TIME, .op = PARAM_GTE},
    [SIZE] = {.name = STR_INIT("size"),
              .type = PARAM_CHOICE,
              .choices = sizes,
              .choice_values = size_values,
              .choice_count = 2},
    [SORT] = {.name = STR_INIT("sort"),
              .type = PARAM_CHOICE,
              .op = PARAM_SORT,
              .choices = sorts,
              .choice_count = 2,
              .initial = STR_INIT("-date")},
    [TAGS] = {.name = STR_INIT("tags"), .type = PARAM_STRING, .op = PARAM_IN, .min = 1, .max = 10},
};

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
        {"ids=00000000000000000000000b&ids=00000000000000000000000a",
         "ids=00000000000000000000000b%2C00000000000000000000000a"},
        {"fields=name&fields=price", "fields=name%2Cprice"},
        {"fields=price.net", "fields=price.net"},
        {"fields=price.net,price", "fields=price"},
        {"nick=", "nick="},
        {"nick", "nick="},
        {"maxSize=30", "maxSize=30"},
        {"maxSize=30.0", "maxSize=30"},
        {"maxSize=3e1", "maxSize=30"},
        {"maxSize=-0", "maxSize=0"},
        {"maxSize=9223372036854775807", "maxSize=9223372036854775807"},
        {"maxSize=-9223372036854775808", "maxSize=-9223372036854775808"},
        {"cost=19.990", "cost=19.99"},
        {"cost=019.99", "cost=19.99"},
        {"cost=-0.0", "cost=0"},
        {"cost=-1.0", "cost=-1"},
        {"cost=100", "cost=100"},
        {"since=2026-11-23", "since=2026-11-23T00%3A00%3A00.000Z"},
        {"since=2026-11-23T01:00%2B01:00", "since=2026-11-23T00%3A00%3A00.000Z"},
        {"size=2", "size=2"},
        {"tags=b,a", "tags=a%2Cb"},
        {"tags=a&tags=b&tags=a", "tags=a%2Cb"},
        {"tags=a%2Cb", "tags=a%2Cb"},
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
        assert_str(query_text(&query, UINT64_MAX, &arena), spellings[i].canonical);
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
        {"ids=00000000000000000000000a&ids=xyz", "ids"},
        {"maxSize=1.5", "maxSize"},
        {"maxSize=9223372036854775808", "maxSize"},
        {"maxSize=1e30", "maxSize"},
        {"cost=1e3", "cost"},
        {"cost=.5", "cost"},
        {"cost=5.", "cost"},
        {"cost=12345678901234567890123456789012345", "cost"},
        {"since=yesterday", "since"},
        {"size=3", "size"},
        {"tags=a,", "tags"},
        {"tags=", "tags"},
        {"tags=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21", "tags"},
        {"inStock=true&inStock=true", "inStock"},
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
    assert_str(problem.errors[0].field, "x"); /* what is unknown comes first */
    assert_str(problem.errors[2].message, "must be a whole number from 1 to 100");
    arena_reset(&arena);
}

static void values_are_typed_and_defaults_hold(void **state)
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
    assert_int_equal(query.values[LIMIT].value.integer, 20);
    assert_false(query.values[LIMIT].given);
    assert_int_equal(query.values[SORT].choice, 0);
    assert_true(query.values[MIN_PRICE].value.number > 2.49 &&
                query.values[MIN_PRICE].value.number < 2.51);
    assert_true(query_has_chosen(query.values[FIELDS].chosen, 2));
    assert_true(query_has_chosen(query.values[FIELDS].chosen, 0));
    assert_false(query_has_chosen(query.values[FIELDS].chosen, 1));
    assert_str(query_text(&query, UINT64_C(1) << MIN_PRICE, &arena), "minPrice=2.5");
    arena_reset(&arena);
}

static void several_values_are_typed(void **state)
{
    struct problem problem;
    struct query query;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0);
    problem_init(&problem, &arena);
    assert_int_equal(
        query_parse(&query, params, PARAMS, STR("tags=b,a,b&size=2&cost=1.50"), &arena, &problem),
        ERR_OK);
    assert_int_equal(query.values[TAGS].value.type, VALUE_LIST);
    assert_int_equal(query.values[TAGS].value.list.count, 2);
    assert_str(query.values[TAGS].value.list.items[0].string, "a");
    assert_int_equal(query.values[SIZE].value.type, VALUE_INT);
    assert_int_equal(query.values[SIZE].value.integer, 2);
    assert_int_equal(query.values[COST].value.type, VALUE_DECIMAL);
    assert_str(query.values[COST].value.string, "1.5");
    arena_reset(&arena);
}

static void fixed_parameters_are_set(void **state)
{
    struct problem problem;
    struct query query;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0);
    problem_init(&problem, &arena);
    assert_int_equal(query_parse(&query, params, PARAMS, STR("size=1"), &arena, &problem), ERR_OK);
    assert_int_equal(query_set(&query, IN_STOCK, STR("true"), &arena, &problem), ERR_OK);
    assert_int_equal(query_set(&query, SIZE, STR("2"), &arena, &problem), ERR_EXISTS);
    assert_int_equal(query_set(&query, MAX_SIZE, STR("x"), &arena, &problem), ERR_INVALID);
    assert_int_equal(problem.count, 1);
    assert_str(query_text(&query, UINT64_MAX, &arena), "inStock=true&size=1");
    arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_text_for_all_spellings),
        cmocka_unit_test(errors_name_the_parameter),
        cmocka_unit_test(all_errors_are_told),
        cmocka_unit_test(values_are_typed_and_defaults_hold),
        cmocka_unit_test(several_values_are_typed),
        cmocka_unit_test(fixed_parameters_are_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
