/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include "base/idiom.h"
#include "schema/pattern.h"

#define TITLE "\"title\": {\"type\": \"string\", \"maxLength\": 200}"

static void fields_are_read_with_their_types(void **state)
{
    struct schema *schema = files_good(files_text(
        "\"s\": {\"type\": [\"string\", \"null\"], \"minLength\": 2, \"maxLength\": 9, "
        "\"pattern\": \"^a\", \"default\": null},"
        "\"i\": {\"type\": \"integer\", \"exclusiveMinimum\": 1.5, \"maximum\": 1e30},"
        "\"n\": {\"type\": \"number\", \"exclusiveMaximum\": 2, \"multipleOf\": 0.5},"
        "\"t\": {\"type\": \"string\", \"format\": \"date-time\", \"default\": \"now\"},"
        "\"d\": {\"type\": \"string\", \"format\": \"decimal\"},"
        "\"e\": {\"enum\": [\"x\", 2, null], \"default\": 2},"
        "\"a\": {\"type\": \"array\", \"maxItems\": 3, \"uniqueItems\": true, \"items\": "
        "{\"type\": \"object\", \"additionalProperties\": true, \"required\": [\"u\"], "
        "\"properties\": {\"u\": {\"type\": \"string\", \"format\": \"uuid\"}}}}",
        ""));
    const struct field *document = schema_resource(schema, 0)->document;
    const struct field *field = field_at(document, STR("s"));

    (void)state;
    assert_int_equal(document->field_count, 7);
    assert_int_equal(field->type, FIELD_STRING);
    assert_int_equal(field->flags, FIELD_NULLABLE);
    assert_int_equal(field->min_count, 2);
    assert_int_equal(field->max_count, 9);
    assert_int_equal(field->initial->type, VALUE_NULL);
    assert_int_equal(pattern_match(field->pattern, STR("ab")), ERR_OK);
    field = field_at(document, STR("i"));
    assert_int_equal(field->low, 2);
    assert_true(field->high == INT64_MAX);
    field = field_at(document, STR("n"));
    assert_int_equal(field->flags, FIELD_MAXIMUM | FIELD_EXCLUSIVE_MAXIMUM);
    assert_true(field->maximum == 2 && field->multiple_of == 0.5);
    field = field_at(document, STR("t"));
    assert_int_equal(field->type, FIELD_TIME);
    assert_int_equal(field->flags, FIELD_DEFAULT_NOW);
    assert_int_equal(field_at(document, STR("d"))->type, FIELD_DECIMAL);
    field = field_at(document, STR("e"));
    assert_int_equal(field->type, FIELD_CHOICE);
    assert_int_equal(field->flags, FIELD_NULLABLE);
    assert_int_equal(field->choice_count, 3);
    assert_int_equal(field->initial->integer, 2);
    field = field_at(document, STR("a.u"));
    assert_int_equal(field->type, FIELD_UUID);
    assert_int_equal(field->flags, FIELD_REQUIRED);
    assert_str(field->path, "a.u");
    field = field_at(document, STR("a"));
    assert_int_equal(field->flags, FIELD_UNIQUE_ITEMS);
    assert_int_equal(field->items->flags, FIELD_OPEN);
    assert_null(field_at(document, STR("a.v")));
    assert_null(field_at(document, STR("s.x")));
    schema_free(schema);
}

static void references_stand_for_what_they_name(void **state)
{
    static const char text[] =
        "{\"name\": \"recipes\", \"singular\": \"recipe\", \"schema\": {\"type\": \"object\", "
        "\"properties\": {\"a\": {\"$ref\": \"#/$defs/p\", \"title\": \"A\"}, \"b\": {\"type\": "
        "\"array\", \"items\": {\"$ref\": \"#/$defs/p\"}}}, \"$defs\": {\"p\": {\"type\": "
        "\"object\", \"properties\": {\"n\": {\"$ref\": \"#/$defs/q~1r\"}}}, \"q/r\": {\"type\": "
        "\"string\", \"maxLength\": 7}}}}";
    struct schema *schema = files_good(text);
    const struct resource *resource = schema_resource(schema, 0);
    const struct field *field = field_at(resource->document, STR("b.n"));
    const json_t *json = json_object_get(resource->document->schema, "properties");

    (void)state;
    assert_int_equal(field->max_count, 7);
    assert_str(field->path, "b.n");
    assert_int_equal(resource->field_count, 5);
    assert_str(resource->fields[2], "a.n");
    json = json_object_get(json_object_get(json, "b"), "items");
    json = json_object_get(json_object_get(json, "properties"), "n");
    assert_int_equal(json_integer_value(json_object_get(json, "maxLength")), 7);
    schema_free(schema);
}

static void names_and_words_are_made(void **state)
{
    struct schema *schema = files_good("{\"name\": \"blog-posts\", \"singular\": \"blog-post\", "
                                       "\"id\": \"uuid\", \"schema\": {\"type\": \"object\"}}");
    const struct resource *resource = schema_resource(schema, 0);

    (void)state;
    assert_str(resource->singular, "blog-post");
    assert_str(resource->title, "Blog post");
    assert_str(resource->absent, "Blog post not found");
    assert_str(resource->removed, "Blog post deleted");
    assert_str(resource->item_path, "/api/blog-posts/{id}");
    assert_str(resource->collection, "blog-posts");
    assert_int_equal(resource->id, ID_UUID);
    assert_int_equal(resource->read, ACCESS_ANYONE);
    assert_int_equal(resource->remove, ACCESS_EDITOR);
    assert_int_equal(resource->item_ttl_ms, 600000);
    assert_str(resource->kept.owner, "ownerId");
    assert_int_equal(resource->partition_param, resource->param_count);
    schema_free(schema);
}

static void the_field_that_is_followed_has_an_index(void **state)
{
    struct schema *schema = files_good(
        files_text(TITLE, ", \"cache\": {\"others\": 30}, \"follow\": {\"field\": \"updatedAt\", "
                          "\"every\": 500}"));
    const struct resource *resource = schema_resource(schema, 0);
    bool indexed = false;

    (void)state;
    assert_str(resource->follow.field, "updatedAt");
    assert_int_equal(resource->follow.every_ms, 500);
    assert_int_equal(resource->follow.overlap_ms, 5000);
    assert_int_equal(resource->others_ms, 30000);
    for (size_t i = 0; i < resource->index_count; i++)
        indexed = indexed || str_eq(resource->indexes[i].keys, STR("updatedAt"));
    assert_true(indexed);
    schema_free(schema);
}

static void a_key_of_its_own_wins_over_write(void **state)
{
    struct schema *schema = files_good(files_text(
        TITLE,
        ", \"access\": {\"create\": \"owner\", \"write\": \"admin\", \"read\": \"reader\"}"));
    const struct resource *resource = schema_resource(schema, 0);

    (void)state;
    assert_int_equal(resource->read, ACCESS_READER);
    assert_int_equal(resource->create, ACCESS_OWNER);
    assert_int_equal(resource->update, ACCESS_ADMIN);
    assert_int_equal(resource->remove, ACCESS_ADMIN);
    schema_free(schema);
}

/* --- The hash --- */

static void hash_of(const char *text, char hash[static 9])
{
    struct schema *schema = files_good(text);

    memcpy(hash, schema_resource(schema, 0)->hash, 8);
    hash[8] = '\0';
    schema_free(schema);
}

static void the_hash_is_of_what_shapes_answers(void **state)
{
    static const char *const same[] = {
        "{\"schema\": {\"properties\": {\"b\": {\"type\": \"integer\"}, \"a\": {\"maxLength\": 9, "
        "\"type\": \"string\"}}, \"type\": \"object\"}, \"singular\": \"recipe\", \"name\": "
        "\"recipes\"}",
        "{\"name\": \"recipes\", \"singular\": \"recipe\", \"description\": \"x\", "
        "\"schema\": {\"type\": \"object\", "
        "\"title\": \"x\", \"properties\": {\"a\": {\"type\": \"string\", \"maxLength\": 9, "
        "\"examples\": [\"x\"], \"description\": \"x\"}, \"b\": {\"type\": \"integer\"}}}, "
        "\"page\": {\"default\": 20}, \"indexes\": [\"a\"]}",
    };
    static const char *const other[] = {", \"views\": true",
                                        ", \"page\": {\"max\": 50}",
                                        ", \"sorts\": [\"b\"]",
                                        ", \"search\": [\"a\"]",
                                        ", \"filters\": {\"b\": \"b\"}",
                                        ", \"id\": \"uuid\"",
                                        ", \"collection\": \"x\"",
                                        ", \"cache\": {\"partition\": \"a\"}",
                                        ", \"access\": {\"read\": \"reader\"}",
                                        ", \"fields\": {\"version\": \"v\"}",
                                        ", \"lists\": {\"l\": {\"sort\": \"-createdAt\"}}"};
    const char *properties = "\"a\": {\"type\": \"string\", \"maxLength\": 9}, \"b\": {\"type\": "
                             "\"integer\"}";
    char hash[9], one[9];

    (void)state;
    hash_of(files_text(properties, ""), hash);
    for (size_t i = 0; i < COUNT(same); i++) {
        hash_of(same[i], one);
        assert_string_equal(one, hash);
    }
    for (size_t i = 0; i < COUNT(other); i++) {
        hash_of(files_text(properties, other[i]), one);
        if (strcmp(one, hash) == 0)
            fail_msg("%s does not change the hash", other[i]);
    }
    hash_of(files_text("\"a\": {\"type\": \"string\"}, \"b\": {\"type\": \"integer\"}", ""), one);
    assert_string_not_equal(one, hash);
}

/* --- Forms --- */

static void a_form_of_the_program_is_read(void **state)
{
    const struct field *form = schema_form(
        "{\"type\": \"object\", \"required\": [\"email\"], \"properties\": {\"email\": {\"type\": "
        "\"string\", \"format\": \"email\", \"maxLength\": 254}}}");

    (void)state;
    assert_int_equal(form->fields[0].format, FORMAT_EMAIL);
    assert_int_equal(form->fields[0].flags, FIELD_REQUIRED);
}

static void the_description_of_files_is_built_in(void **state)
{
    struct str text = schema_of_files();
    json_t *json = json_loadb(text.ptr, text.len, 0, NULL);

    (void)state;
    assert_true(json_is_object(json_object_get(json, "$defs")));
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_read_with_their_types),
        cmocka_unit_test(references_stand_for_what_they_name),
        cmocka_unit_test(names_and_words_are_made),
        cmocka_unit_test(the_field_that_is_followed_has_an_index),
        cmocka_unit_test(a_key_of_its_own_wins_over_write),
        cmocka_unit_test(the_hash_is_of_what_shapes_answers),
        cmocka_unit_test(a_form_of_the_program_is_read),
        cmocka_unit_test(the_description_of_files_is_built_in),
    };

    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
