/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include "base/idiom.h"

static const char properties[] =
    "\"title\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 200},"
    "\"minutes\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 10000},"
    "\"price\": {\"type\": \"number\", \"minimum\": 0},"
    "\"cost\": {\"type\": \"string\", \"format\": \"decimal\"},"
    "\"cuisine\": {\"enum\": [\"indian\", \"thai\"]},"
    "\"stars\": {\"type\": [\"integer\", \"null\"], \"enum\": [1, 2, null]},"
    "\"vegan\": {\"type\": \"boolean\"},"
    "\"published\": {\"type\": \"string\", \"format\": \"date-time\"},"
    "\"day\": {\"type\": \"string\", \"format\": \"date\"},"
    "\"ref\": {\"type\": \"string\", \"format\": \"objectid\"},"
    "\"tags\": {\"type\": \"array\", \"items\": {\"type\": \"string\", \"maxLength\": 50}},"
    "\"chef\": {\"type\": \"object\", \"properties\": {\"name\": {\"type\": \"string\"}}},"
    "\"steps\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": "
    "{\"text\": {\"type\": \"string\"}}}}";

static const char more[] =
    ", \"filters\": {\"title\": {\"prefix\": \"title\"}, \"minutes\": \"minutes\", \"maxMinutes\": "
    "{\"lte\": \"minutes\"}, \"price\": {\"gt\": \"price\"}, \"cost\": \"cost\", \"cuisine\": "
    "{\"in\": \"cuisine\"}, \"stars\": {\"ne\": \"stars\"}, \"vegan\": \"vegan\", \"since\": "
    "{\"gte\": \"published\"}, \"day\": \"day\", \"ref\": \"ref\", \"tag\": \"tags\", \"chef\": "
    "\"chef.name\", \"hasChef\": {\"exists\": \"chef\"}, \"text\": {\"prefix\": \"steps.text\"}, "
    "\"made\": {\"lt\": \"createdAt\"}, \"version\": \"version\", \"id\": {\"gt\": \"_id\"}}, "
    "\"search\": [\"title\", \"steps.text\", \"tags\"], \"sorts\": [\"-published\", \"minutes\", "
    "\"chef.name\", \"_id\", \"updatedAt\"], \"lists\": {\"quick\": {\"description\": \"Soon\", "
    "\"where\": {\"maxMinutes\": 30.0, \"vegan\": true, \"cuisine\": [\"thai\", \"indian\", "
    "\"thai\"], \"since\": \"2026-11-23\"}, \"sort\": \"minutes\"}}, \"page\": {\"default\": 5, "
    "\"max\": 50}, \"cache\": {\"partition\": \"tags\", \"item\": 0}";

static const struct query_param *find(const struct resource *resource, const char *name)
{
    size_t i = query_find(resource->params, resource->param_count, str_from(name));

    if (i == resource->param_count)
        fail_msg("there is no parameter %s", name);
    return &resource->params[i];
}

static int setup(void **state)
{
    if (files_setup(state) != 0)
        return 1;
    *state = files_good(files_text(properties, more));
    return 0;
}

static int teardown(void **state)
{
    schema_free(*state);
    return files_teardown(state);
}

static void the_table_is_sorted(void **state)
{
    const struct resource *resource = schema_resource(*state, 0);

    assert_int_equal(resource->param_count, 18 + 7);
    for (size_t i = 1; i < resource->param_count; i++)
        assert_true(str_cmp(resource->params[i - 1].name, resource->params[i].name) < 0);
}

static void types_are_those_of_the_fields(void **state)
{
    static const struct {
        const char *name, *field;
        enum param_op op;
        enum param_type type;
    } expected[] = {
        {"title", "title", PARAM_PREFIX, PARAM_STRING},
        {"minutes", "minutes", PARAM_EQ, PARAM_INTEGER},
        {"maxMinutes", "minutes", PARAM_LTE, PARAM_INTEGER},
        {"price", "price", PARAM_GT, PARAM_NUMBER},
        {"cost", "cost", PARAM_EQ, PARAM_DECIMAL},
        {"cuisine", "cuisine", PARAM_IN, PARAM_CHOICE},
        {"stars", "stars", PARAM_NE, PARAM_CHOICE},
        {"vegan", "vegan", PARAM_EQ, PARAM_BOOL},
        {"since", "published", PARAM_GTE, PARAM_TIME},
        {"day", "day", PARAM_EQ, PARAM_DAY},
        {"ref", "ref", PARAM_EQ, PARAM_OBJECTID},
        {"tag", "tags", PARAM_EQ, PARAM_STRING},
        {"chef", "chef.name", PARAM_EQ, PARAM_STRING},
        {"hasChef", "chef", PARAM_EXISTS, PARAM_BOOL},
        {"text", "steps.text", PARAM_PREFIX, PARAM_STRING},
        {"made", "createdAt", PARAM_LT, PARAM_TIME},
        {"version", "version", PARAM_EQ, PARAM_INTEGER},
        {"id", "_id", PARAM_GT, PARAM_OBJECTID},
        {"fields", "", PARAM_FIELDS, PARAM_NAMES},
        {"ids", "", PARAM_IDS, PARAM_ID_LIST},
        {"q", "", PARAM_MATCH, PARAM_TEXT},
    };
    const struct resource *resource = schema_resource(*state, 0);

    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct query_param *param = find(resource, expected[i].name);
        assert_int_equal(param->op, expected[i].op);
        assert_int_equal(param->type, expected[i].type);
        assert_str(param->field, expected[i].field);
    }
}

static void bounds_are_those_of_the_fields(void **state)
{
    const struct resource *resource = schema_resource(*state, 0);
    const struct query_param *param = find(resource, "minutes");

    assert_int_equal(param->low, 1);
    assert_int_equal(param->high, 10000);
    param = find(resource, "title");
    assert_true(param->min == 1 && param->max == 200);
    assert_true(find(resource, "price")->min == 0);
    param = find(resource, "tag");
    assert_true(param->min == 0 && param->max == 50);
    param = find(resource, "limit");
    assert_int_equal(param->high, 50);
    assert_str(param->initial, "5");
    assert_str(find(resource, "q")->help, "Words in title, steps.text or tags");
    assert_str(find(resource, "sort")->initial, "-published");
}

static void choices_have_values_where_they_are_no_strings(void **state)
{
    const struct resource *resource = schema_resource(*state, 0);
    const struct query_param *param = find(resource, "cuisine");

    assert_int_equal(param->choice_count, 2);
    assert_null(param->choice_values);
    assert_str(param->choices[1], "thai");
    param = find(resource, "stars");
    assert_int_equal(param->choice_count, 2);
    assert_str(param->choices[1], "2");
    assert_int_equal(param->choice_values[1].integer, 2);
}

static void lists_are_fixed_to_canonical_text(void **state)
{
    static const struct {
        const char *name, *text;
    } expected[] = {{"cuisine", "indian,thai"},
                    {"maxMinutes", "30"},
                    {"since", "2026-11-23T00:00:00.000Z"},
                    {"sort", "minutes"},
                    {"vegan", "true"}};
    const struct resource *resource = schema_resource(*state, 0);
    const struct named_list *list = resource->lists;

    assert_int_equal(resource->list_count, 1);
    assert_str(list->path, "/api/recipes/quick");
    assert_str(list->description, "Soon");
    assert_int_equal(list->param_count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_str(resource->params[list->params[i].param].name, expected[i].name);
        assert_str(list->params[i].text, expected[i].text);
    }
}

static void a_partition_may_be_a_list(void **state)
{
    const struct resource *resource = schema_resource(*state, 0);

    assert_str(resource->partition, "tags");
    assert_str(resource->params[resource->partition_param].name, "tag");
    assert_int_equal(resource->item_ttl_ms, 0);
    assert_int_equal(resource->list_ttl_ms, 300000);
}

static void ids_are_filtered_by_their_type(void **state)
{
    struct schema *schema =
        files_good(files_text("", ", \"id\": \"integer\", \"filters\": {\"from\": {\"gte\": "
                                  "\"_id\"}}, \"fields\": {\"createdAt\": null}"));
    const struct resource *resource = schema_resource(schema, 0);

    (void)state;
    assert_int_equal(find(resource, "from")->type, PARAM_INTEGER);
    assert_true(find(resource, "from")->low == INT64_MIN);
    assert_int_equal(find(resource, "ids")->id, ID_INTEGER);
    assert_str(find(resource, "sort")->initial, "-_id");
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sorted),
        cmocka_unit_test(types_are_those_of_the_fields),
        cmocka_unit_test(bounds_are_those_of_the_fields),
        cmocka_unit_test(choices_have_values_where_they_are_no_strings),
        cmocka_unit_test(lists_are_fixed_to_canonical_text),
        cmocka_unit_test(a_partition_may_be_a_list),
        cmocka_unit_test(ids_are_filtered_by_their_type),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
