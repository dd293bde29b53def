/* SPDX-License-Identifier: BSD-2-Clause */
#include "things.h"

#include <stdio.h>

static void names_have_the_hash_and_tags_do_not(void **state)
{
    struct fixture *fixture = *state;
    char room[ITEM_NAME_MAX];
    struct str name = plan_item_name(&fixture->plan, STR("a:b"), room);

    assert_str(name, "thing:a:b@01234567");
    assert_str(plan_unhashed(name), "thing:a:b");
    assert_str(plan_list_name(&fixture->plan, STR("category=x"), &fixture->arena),
               "things:category=x@01234567");
    assert_str(plan_total_name(&fixture->plan, STR(""), &fixture->arena), "count:things:@01234567");
}

static void etags_end_with_the_hash(void **state)
{
    struct fixture *fixture = *state;
    char room[ETAG_SIZE];
    struct str etag = plan_item_etag(&fixture->plan, STR("{}"), room);

    assert_int_equal(etag.len, ETAG_STRONG_SIZE);
    assert_str(str_from_offset(etag, etag.len - 9), "01234567\"");
    etag = plan_list_etag(&fixture->plan, STR("{}"), room);
    assert_str(str_from_offset(etag, etag.len - 9), "01234567\"");
    assert_true(str_starts(etag, STR("W/\"")));
}

static void take(void *context, struct str tag, struct str filter)
{
    struct fixture *fixture = context;

    size_t len = strlen(fixture->text);

    snprintf(fixture->text + len, sizeof fixture->text - len, "%.*s %.*s;", (int)tag.len, tag.ptr,
             (int)filter.len, filter.len > 0 ? filter.ptr : "");
}

static const char *partitions(struct fixture *fixture, struct value value)
{
    struct assignment field = {STR("category"), ASSIGN_SET, value};
    struct document made = {&field, value.type != VALUE_NONE};
    struct buf bytes = BUF_INIT(4096);

    fixture->text[0] = '\0';
    assert_int_equal(document_bytes(&made, &bytes), ERR_OK);
    plan_each_partition(&fixture->plan, buf_view(&bytes), &fixture->arena, take, fixture);
    buf_free(&bytes);
    return fixture->text;
}

/* What MongoDB takes for equal has one tag. */
static void equal_values_have_one_tag(void **state)
{
    struct fixture *fixture = *state;
    struct value items[] = {value_string(STR("a")), value_int(2), value_null()};
    char large[64];

    assert_string_equal(partitions(fixture, value_string(STR("a b"))),
                        "things:a b category=a%20b;");
    assert_string_equal(partitions(fixture, value_int(5)), "things:5 ;");
    assert_string_equal(partitions(fixture, value_double(5)), "things:5 ;");
    assert_string_equal(partitions(fixture, value_decimal(STR("5.0"))), "things:5 ;");
    assert_string_equal(partitions(fixture, value_double(-0.0)), "things:0 ;");
    snprintf(large, sizeof large, "%s", partitions(fixture, value_int(INT64_MAX)));
    assert_string_equal(partitions(fixture, value_double(9223372036854775807.0)), large);
    assert_string_equal(partitions(fixture, value_list(items, 3)),
                        "things:a category=a;things:2 ;");
    assert_string_equal(partitions(fixture, value_null()), "");
    assert_string_equal(partitions(fixture, (struct value){.type = VALUE_NONE}), "");
    assert_string_equal(partitions(fixture, value_object(NULL, 0)), "");
}

static void a_list_of_one_partition_has_its_tags(void **state)
{
    struct fixture *fixture = *state;
    struct str tags[PLAN_LIST_TAGS];
    struct problem problem;
    struct query query;

    problem_init(&problem, &fixture->arena);
    assert_int_equal(
        query_parse(&query, things_params, 1, STR("category=x"), &fixture->arena, &problem),
        ERR_OK);
    assert_int_equal(plan_list_tags(&fixture->plan, &query, &fixture->arena, tags), 2);
    assert_str(tags[0], "things:x");
    assert_str(tags[1], "things:*");
    assert_int_equal(query_parse(&query, things_params, 1, STR(""), &fixture->arena, &problem),
                     ERR_OK);
    assert_int_equal(plan_list_tags(&fixture->plan, &query, &fixture->arena, tags), 1);
    assert_str(tags[0], "things");
}

/* A time of 0 is kept by nothing; a short one is not refreshed for longer than it lasts. */
static void times_fit(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture->plan.item_class.ttl_ms, 600000);
    assert_int_equal(fixture->plan.item_class.refresh_ms, 60000);
    assert_true(fixture->plan.item_class.negative);
    assert_int_equal(fixture->plan.list_class.refresh_ms, 500);
    assert_int_equal(fixture->plan.total_class.refresh_ms, 0);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(names_have_the_hash_and_tags_do_not),
        TEST(etags_end_with_the_hash),
        TEST(equal_values_have_one_tag),
        TEST(a_list_of_one_partition_has_its_tags),
        TEST(times_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
