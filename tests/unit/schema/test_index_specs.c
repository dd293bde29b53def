/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include "base/idiom.h"

static const char properties[] =
    "\"title\": {\"type\": \"string\"}, \"minutes\": {\"type\": \"integer\"}, \"vegan\": "
    "{\"type\": "
    "\"boolean\"}, \"sku\": {\"type\": \"string\"}, \"tags\": {\"type\": \"array\", \"items\": "
    "{\"type\": \"string\"}}, \"chef\": {\"type\": \"object\", \"properties\": {\"name\": "
    "{\"type\": \"string\"}}}";

/* The keys of all indexes are these and no other. */
static void check(const char *more, const char *const *keys, size_t count)
{
    struct schema *schema = files_good(files_text(properties, more));
    const struct resource *resource = schema_resource(schema, 0);

    for (size_t i = 0; i < resource->index_count && i < count; i++)
        assert_str(resource->indexes[i].keys, keys[i]);
    assert_int_equal(resource->index_count, count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            assert_false(str_eq(resource->indexes[i].name, resource->indexes[k].name));
    schema_free(schema);
}

static void every_sort_has_one_alone_and_behind_every_equality(void **state)
{
    static const char *const keys[] = {
        "-createdAt,-_id",           "minutes,_id",           "chef.name,_id",
        "chef.name,-createdAt,-_id", "chef.name,minutes,_id", "tags,-createdAt,-_id",
        "tags,minutes,_id",          "tags,chef.name,_id",    "ownerId,-createdAt,-_id"};

    (void)state;
    check(", \"filters\": {\"tag\": {\"in\": \"tags\"}, \"chef\": \"chef.name\"}, \"sorts\": "
          "[\"-createdAt\", \"createdAt\", \"minutes\", \"-minutes\", \"chef.name\"]",
          keys, COUNT(keys));
}

static void a_boolean_has_two_at_most(void **state)
{
    static const char *const keys[] = {"title,_id",         "minutes,_id",
                                       "sku,_id",           "vegan,title,_id",
                                       "vegan,minutes,_id", "ownerId,-createdAt,-_id"};

    (void)state;
    check(", \"filters\": {\"vegan\": \"vegan\"}, \"sorts\": [\"title\", \"minutes\", \"sku\"]",
          keys, COUNT(keys));
}

static void a_range_has_one_unless_a_sort_has(void **state)
{
    static const char *const keys[] = {"title,_id", "ownerId,-createdAt,-_id", "minutes,_id"};

    (void)state;
    check(", \"filters\": {\"a\": {\"gte\": \"minutes\"}, \"b\": {\"lte\": \"minutes\"}, \"c\": "
          "{\"prefix\": \"title\"}, \"d\": {\"ne\": \"sku\"}}, \"sorts\": [\"title\"]",
          keys, COUNT(keys));
}

static void one_s_own_is_sorted_as_all_is(void **state)
{
    static const char *const keys[] = {"title,_id", "ownerId,-createdAt,-_id", "ownerId,title,_id"};
    static const char *const none[] = {"-_id"};

    (void)state;
    check(", \"access\": {\"read\": \"owner\"}, \"sorts\": [\"title\"]", keys, COUNT(keys));
    check(", \"fields\": {\"owner\": null}, \"sorts\": [\"-_id\"]", none, 0);
}

static void words_have_one(void **state)
{
    static const char *const keys[] = {"title,_id", "ownerId,-createdAt,-_id",
                                       "text:title,chef.name"};

    (void)state;
    check(", \"search\": [\"title\", \"chef.name\"], \"sorts\": [\"title\"]", keys, COUNT(keys));
}

static void those_that_the_file_names_come_first(void **state)
{
    static const char *const keys[] = {"sku", "chef.name,-createdAt", "title,_id",
                                       "ownerId,-createdAt,-_id"};
    struct schema *schema = files_good(files_text(
        properties, ", \"indexes\": [{\"keys\": \"sku\", \"unique\": true, \"sparse\": true}, "
                    "\"chef.name,-createdAt\", \"title,_id\"], \"sorts\": [\"title\"]"));
    const struct resource *resource = schema_resource(schema, 0);

    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_str(resource->indexes[i].keys, keys[i]);
    assert_int_equal(resource->index_count, COUNT(keys));
    assert_true(resource->indexes[0].unique && resource->indexes[0].sparse);
    assert_false(resource->indexes[1].unique);
    assert_str(resource->indexes[0].name, "sku");
    assert_str(resource->indexes[1].name, "chef.name_createdAt");
    schema_free(schema);
}

static void names_differ_where_directions_do(void **state)
{
    static const char *const keys[] = {"sku,title", "sku,-title", "-createdAt,-_id",
                                       "ownerId,-createdAt,-_id"};

    (void)state;
    check(", \"indexes\": [\"sku,title\", \"sku,-title\"]", keys, COUNT(keys));
}

/* Ten filters and ten sorts. */
static void sixty_are_possible(void **state)
{
    char fields[2048] = "", more[2048] = ", \"filters\": {";
    struct buf problems;
    struct schema *schema;

    (void)state;
    for (int i = 0; i < 10; i++) {
        snprintf(fields + strlen(fields), sizeof fields - strlen(fields),
                 "%s\"f%d\": {\"type\": \"string\"}", i > 0 ? ", " : "", i);
        snprintf(more + strlen(more), sizeof more - strlen(more), "%s\"f%d\": \"f%d\"",
                 i > 0 ? ", " : "", i, i);
    }
    snprintf(more + strlen(more), sizeof more - strlen(more), "}, \"sorts\": [");
    for (int i = 0; i < 10; i++)
        snprintf(more + strlen(more), sizeof more - strlen(more), "%s\"f%d\"", i > 0 ? ", " : "",
                 i);
    snprintf(more + strlen(more), sizeof more - strlen(more), "]");
    schema = files_load(files_text(fields, more), &problems);
    assert_null(schema);
    assert_string_equal(problems.ptr, "recipes.json: /filters: need 101 indexes with these sorts: "
                                      "60 are possible\n");
    buf_free(&problems);
}

/* --- The resources that come with it --- */

static void check_resource(const struct schema *schema, const char *name, const char *const *keys,
                           size_t count)
{
    const struct resource *resource = schema_find(schema, str_from(name));

    assert_non_null(resource);
    assert_int_equal(resource->index_count, count);
    for (size_t i = 0; i < count; i++)
        assert_str(resource->indexes[i].keys, keys[i]);
}

/* As they were made by hand. */
static void the_first_two_have_what_they_had(void **state)
{
    static const char *const products[] = {"-createdAt,-_id",
                                           "price,_id",
                                           "name,_id",
                                           "updatedAt,_id",
                                           "category,-createdAt,-_id",
                                           "category,price,_id",
                                           "category,name,_id",
                                           "category,updatedAt,_id",
                                           "featured,-createdAt,-_id",
                                           "featured,price,_id",
                                           "inStock,-createdAt,-_id",
                                           "inStock,price,_id",
                                           "ownerId,-createdAt,-_id",
                                           "text:name,description"};
    static const char *const posts[] = {
        "-date,-_id",      "author,-date,-_id",       "category,-date,-_id",
        "tags,-date,-_id", "ownerId,-createdAt,-_id", "text:title,body"};
    const char *source = getenv("srcdir");
    struct buf problems = BUF_INIT(1 << 16);
    struct schema *schema;
    char path[1024];

    (void)state;
    snprintf(path, sizeof path, "%s/resources", source != NULL ? source : ".");
    assert_int_equal(schema_load(path, &schema, &problems), ERR_OK);
    check_resource(schema, "products", products, COUNT(products));
    check_resource(schema, "posts", posts, COUNT(posts));
    schema_free(schema);
    buf_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sort_has_one_alone_and_behind_every_equality),
        cmocka_unit_test(a_boolean_has_two_at_most),
        cmocka_unit_test(a_range_has_one_unless_a_sort_has),
        cmocka_unit_test(one_s_own_is_sorted_as_all_is),
        cmocka_unit_test(words_have_one),
        cmocka_unit_test(those_that_the_file_names_come_first),
        cmocka_unit_test(names_differ_where_directions_do),
        cmocka_unit_test(sixty_are_possible),
        cmocka_unit_test(the_first_two_have_what_they_had),
    };

    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
