/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include "base/idiom.h"

#define NAME  "recipes.json: "
#define TITLE "\"title\": {\"type\": \"string\", \"maxLength\": 200}"

/* --- What is wrong, and how it is told --- */

struct bad {
    const char *properties, *more, *told;
};

/* The exact lines, and no other. */
static void check_bad(const char *text, const char *told)
{
    struct buf problems;
    struct schema *schema = files_load(text, &problems);

    assert_null(schema);
    if (strcmp(problems.ptr, told) != 0)
        fail_msg("%s\nis told as\n%snot as\n%s", text, problems.ptr, told);
    buf_free(&problems);
}

static const struct bad bad_schemas[] = {
    {"\"minutes\": {\"type\": \"integer\", \"minimum\": \"1\"}", "",
     NAME "/schema/properties/minutes/minimum: must be a number"},
    {"\"a\": {}", "", NAME "/schema/properties/a/type: is required"},
    {"\"a\": 3", "", NAME "/schema/properties/a: must be an object: a schema"},
    {"\"a\": {\"type\": \"text\"}", "",
     NAME "/schema/properties/a/type: must be object, array, string, integer, number, boolean or "
          "null, or an array of one of them and null"},
    {"\"a\": {\"type\": [\"string\", \"integer\"]}", "",
     NAME "/schema/properties/a/type: must be object, array, string, integer, number, boolean or "
          "null, or an array of one of them and null"},
    {"\"a\": {\"type\": \"string\", \"format\": \"ipv4\"}", "",
     NAME "/schema/properties/a/format: must be uri, email, date, date-time, objectid, uuid or "
          "decimal, not \"ipv4\""},
    {"\"a\": {\"type\": \"integer\", \"format\": \"date\"}", "",
     NAME "/schema/properties/a/format: is for strings"},
    {"\"a\": {\"type\": \"string\", \"minLenght\": 1}", "",
     NAME "/schema/properties/a/minLenght: is not a known keyword: is \"minLength\" meant?"},
    {"\"a\": {\"type\": \"string\", \"if\": {}}", "",
     NAME "/schema/properties/a/if: is not a known keyword"},
    {"\"a\": {\"type\": \"string\", \"minimum\": 1}", "",
     NAME "/schema/properties/a/minimum: is for numbers"},
    {"\"a\": {\"type\": \"boolean\", \"maxLength\": 1}", "",
     NAME "/schema/properties/a/maxLength: is for strings that are no date-time, decimal, "
          "objectid or uuid"},
    {"\"a\": {\"type\": \"string\", \"maxLength\": 65537}", "",
     NAME "/schema/properties/a/maxLength: must be a whole number from 0 to 65536"},
    {"\"a\": {\"type\": \"string\", \"minLength\": 5, \"maxLength\": 4}", "",
     NAME "/schema/properties/a/maxLength: must not be less than minLength"},
    {"\"a\": {\"type\": \"array\", \"maxItems\": 1001}", "",
     NAME "/schema/properties/a/maxItems: must be a whole number from 0 to 1000"},
    {"\"a\": {\"type\": \"array\", \"uniqueItems\": 1}", "",
     NAME "/schema/properties/a/uniqueItems: must be true or false"},
    {"\"a\": {\"type\": \"number\", \"minimum\": 2, \"maximum\": 1}", "",
     NAME "/schema/properties/a/maximum: must not be less than the least value"},
    {"\"a\": {\"type\": \"integer\", \"exclusiveMinimum\": 1, \"exclusiveMaximum\": 2}", "",
     NAME "/schema/properties/a/exclusiveMaximum: must not be less than the least value"},
    {"\"a\": {\"type\": \"number\", \"multipleOf\": 0}", "",
     NAME "/schema/properties/a/multipleOf: must be more than 0"},
    {"\"a\": {\"enum\": []}", "",
     NAME "/schema/properties/a/enum: must be an array of one value or more"},
    {"\"a\": {\"enum\": [\"x\", \"x\"]}", "", NAME "/schema/properties/a/enum/1: is there already"},
    {"\"a\": {\"type\": \"boolean\", \"enum\": [1]}", "",
     NAME "/schema/properties/a/enum/0: must be true or false"},
    {"\"a\": {\"enum\": [\"x\", \"y\"], \"default\": \"z\"}", "",
     NAME "/schema/properties/a/default: must be one of \"x\", \"y\""},
    {"\"a\": {\"type\": \"boolean\", \"default\": \"yes\"}", "",
     NAME "/schema/properties/a/default: must be true or false"},
    {"\"a\": {\"type\": \"object\", \"additionalProperties\": {}}", "",
     NAME "/schema/properties/a/additionalProperties: must be true or false"},
    {"\"a\": {\"type\": \"object\", \"required\": [\"b\"]}", "",
     NAME "/schema/properties/a/required/0: \"b\" is not declared under properties"},
    {"\"a\": {\"type\": \"string\", \"pattern\": \"(\"}", "",
     NAME "/schema/properties/a/pattern: must be a regular expression: missing closing "
          "parenthesis at offset 1"},
    {"\"a\": {\"type\": \"string\", \"examples\": 3}", "",
     NAME "/schema/properties/a/examples: must be an array"},
    {"\"a\": {\"type\": \"object\", \"$defs\": {}}", "",
     NAME "/schema/properties/a/$defs: must stand at the top of the schema"},
    {"\"a\": {\"$ref\": \"#/$defs/b\"}", "", NAME "/schema/properties/a/$ref: leads nowhere"},
    {"\"a\": {\"$ref\": \"b.json\"}", "",
     NAME "/schema/properties/a/$ref: must be local, such as \"#/$defs/address\""},
    {"\"a\": {\"type\": \"object\", \"properties\": {\"b\": {\"$ref\": \"#/properties/a\"}}}", "",
     NAME "/schema/properties/a/properties/b/$ref: is recursive"},
    {"\"a\": {\"$ref\": \"#/properties/b\", \"maxLength\": 3}, \"b\": {\"type\": \"string\", "
     "\"maxLength\": 4}",
     "", NAME "/schema/properties/a/maxLength: is in what $ref names, too"},
    {"\"a.b\": {\"type\": \"string\"}", "",
     NAME "/schema/properties/a.b: must not be empty, begin with $ or hold a dot: MongoDB cannot "
          "take it"},
    {"\"$a\": {\"type\": \"string\"}", "",
     NAME "/schema/properties/$a: must not be empty, begin with $ or hold a dot: MongoDB cannot "
          "take it"},
    {"\"\": {\"type\": \"string\"}", "",
     NAME "/schema/properties/: must not be empty, begin with $ or hold a dot: MongoDB cannot "
          "take it"},
    {"\"a/b~c\": {\"type\": \"string\", \"x\": 1}", "",
     NAME "/schema/properties/a~1b~0c/x: is not a known keyword"},
    {"\"createdAt\": {\"type\": \"string\", \"format\": \"date-time\"}", "",
     NAME "/schema/properties/createdAt: is kept by the server: declare it \"readOnly\": true, or "
          "give \"fields\" another name"},
    {"\"ownerId\": {\"type\": \"string\", \"readOnly\": true}", "",
     NAME "/schema/properties/ownerId: is kept by the server as \"type\": \"string\", "
          "\"format\": \"objectid\""},
    {"\"_id\": {\"type\": \"string\"}", "",
     NAME "/schema/properties/_id: is always there: \"id\" tells its type"},
};

static const struct bad bad_keys[] = {
    {TITLE, ", \"filter\": {}", NAME "/filter: is not a known key: is \"filters\" meant?"},
    {TITLE, ", \"colour\": 1", NAME "/colour: is not a known key"},
    {TITLE, ", \"id\": \"oid\"", NAME "/id: must be objectid, string, integer or uuid"},
    {TITLE, ", \"description\": 1", NAME "/description: must be a string"},
    {TITLE, ", \"collection\": \"larder_users\"",
     NAME "/collection: must not begin with \"larder_\": these are Larder's own"},
    {TITLE, ", \"collection\": \"a$b\"",
     NAME
     "/collection: must be 1 to 120 bytes, without $, and not begin with \".\" or \"system.\""},
    {TITLE, ", \"collection\": \".a\"",
     NAME
     "/collection: must be 1 to 120 bytes, without $, and not begin with \".\" or \"system.\""},
    {TITLE, ", \"filters\": {\"page\": \"title\"}",
     NAME "/filters/page: is a parameter of every list"},
    {TITLE, ", \"filters\": {\"utm_x\": \"title\"}",
     NAME "/filters/utm_x: is a parameter that is dropped unread"},
    {TITLE, ", \"filters\": {\"a[b]\": \"title\"}",
     NAME "/filters/a[b]: must be 1 to 64 letters, digits, \"_\", \"-\" or \".\""},
    {TITLE, ", \"filters\": {\"x\": \"titel\"}", NAME "/filters/x: there is no field \"titel\""},
    {TITLE, ", \"filters\": {\"x\": {\"contains\": \"title\"}}",
     NAME "/filters/x/contains: is not a known operator (eq, ne, in, gt, gte, lt, lte, prefix or "
          "exists)"},
    {TITLE, ", \"filters\": {\"x\": {\"gt\": \"title\", \"lt\": \"title\"}}",
     NAME "/filters/x: must be a field, or {\"operator\": field}"},
    {"\"n\": {\"type\": \"integer\"}", ", \"filters\": {\"x\": {\"prefix\": \"n\"}}",
     NAME "/filters/x/prefix: \"n\" has no values to compare so"},
    {"\"n\": {\"type\": \"boolean\"}", ", \"filters\": {\"x\": {\"gt\": \"n\"}}",
     NAME "/filters/x/gt: \"n\" has no values to compare so"},
    {"\"n\": {\"type\": \"object\"}", ", \"filters\": {\"x\": \"n\"}",
     NAME "/filters/x: \"n\" has no values to compare so"},
    {"\"n\": {\"type\": \"integer\"}", ", \"search\": [\"n\"]",
     NAME "/search/0: \"n\" is no string"},
    {TITLE, ", \"sorts\": [\"-titel\"]", NAME "/sorts/0: there is no field \"titel\""},
    {TITLE, ", \"sorts\": [\"title\", \"title\"]", NAME "/sorts/1: is there already"},
    {TITLE, ", \"sorts\": []",
     NAME "/sorts: must be an array of 1 to 320 sorts, such as \"-createdAt\""},
    {"\"n\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}", ", \"sorts\": [\"n\"]",
     NAME "/sorts/0: \"n\" is no single value"},
    {TITLE, ", \"lists\": {\"stats\": {\"sort\": \"-createdAt\"}}",
     NAME "/lists/stats: is a name that Larder itself uses"},
    {TITLE, ", \"lists\": {\"A\": {\"sort\": \"-createdAt\"}}",
     NAME "/lists/A: must be a lower-case letter and up to 31 such letters, digits or \"-\""},
    {TITLE, ", \"lists\": {\"a\": {\"sort\": \"x\"}}",
     NAME "/lists/a/sort: must be one of \"sorts\""},
    {TITLE, ", \"lists\": {\"a\": {}}", NAME "/lists/a/where: is required"},
    {TITLE, ", \"lists\": {\"a\": {\"were\": {}, \"sort\": \"-createdAt\"}}",
     NAME "/lists/a/were: is not a known key: is \"where\" meant?"},
    {TITLE, ", \"lists\": {\"a\": {\"where\": {\"t\": \"x\"}}}",
     NAME "/lists/a/where/t: is not a filter of this resource"},
    {"\"n\": {\"type\": \"integer\", \"maximum\": 5, \"minimum\": 1}",
     ", \"filters\": {\"n\": \"n\"}, \"lists\": {\"a\": {\"where\": {\"n\": 6}}}",
     NAME "/lists/a/where/n: must be a whole number from 1 to 5"},
    {TITLE, ", \"page\": {\"default\": 0}",
     NAME "/page/default: must be a whole number from 1 to 1000"},
    {TITLE, ", \"page\": {\"default\": 30, \"max\": 20}",
     NAME "/page/default: must not be more than max"},
    {TITLE, ", \"cache\": {\"item\": \"10\"}",
     NAME "/cache/item: must be a whole number from 0 to 31536000"},
    {TITLE, ", \"cache\": {\"others\": 0}",
     NAME "/cache/others: must be a whole number from 1 to 31536000"},
    {TITLE, ", \"follow\": {\"every\": 500}", NAME "/follow/field: is required"},
    {TITLE, ", \"follow\": {\"field\": \"version\"}",
     NAME "/follow/field: \"version\" is no date-time"},
    {TITLE, ", \"follow\": {\"field\": \"updatedAt\", \"every\": 10}",
     NAME "/follow/every: must be a whole number from 100 to 3600000"},
    {TITLE, ", \"cache\": {\"partition\": \"x\"}",
     NAME "/cache/partition: there is no field \"x\""},
    {"\"a\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": {\"b\": "
     "{\"type\": \"string\"}}}}",
     ", \"cache\": {\"partition\": \"a.b\"}",
     NAME "/cache/partition: \"a.b\" is no single value and no list of them"},
    {TITLE, ", \"access\": {\"write\": \"boss\"}",
     NAME "/access/write: must be anyone, reader, editor, admin or owner"},
    {TITLE, ", \"access\": {\"raed\": \"admin\"}",
     NAME "/access/raed: is not a known key: is \"read\" meant?"},
    {TITLE, ", \"access\": {\"update\": \"owner\"}, \"fields\": {\"owner\": null}",
     NAME "/access/update: cannot be owner: \"fields\" says that no owner is kept"},
    {TITLE, ", \"fields\": {\"version\": \"a.b\"}",
     NAME "/fields/version: must be the name of a field other than _id, without dot and comma, "
          "that does not begin with $ or -"},
    {TITLE, ", \"fields\": {\"createdAt\": \"at\", \"updatedAt\": \"at\"}",
     NAME "/fields/updatedAt: has the name of another one"},
    {TITLE, ", \"indexes\": [\"titel\"]", NAME "/indexes/0: there is no field \"titel\""},
    {TITLE, ", \"indexes\": [\"title\", {\"keys\": \"title\", \"unique\": true}]",
     NAME "/indexes/1/keys: is there already"},
    {TITLE, ", \"indexes\": [\"title,-title\"]", NAME "/indexes/0: names \"-title\" twice"},
    {TITLE, ", \"indexes\": [{\"unique\": true}]", NAME "/indexes/0/keys: is required"},
    {TITLE, ", \"indexes\": [{\"keys\": \"title\", \"unique\": \"yes\"}]",
     NAME "/indexes/0/unique: must be true or false"},
    {TITLE, ", \"views\": 1", NAME "/views: must be true or false"},
};

/* A line of the expected, with its end. */
static void check_all(const struct bad *bad, size_t count)
{
    char line[512];

    for (size_t i = 0; i < count; i++) {
        snprintf(line, sizeof line, "%s\n", bad[i].told);
        check_bad(files_text(bad[i].properties, bad[i].more), line);
    }
}

static void each_mistake_in_a_schema_is_told(void **state)
{
    (void)state;
    check_all(bad_schemas, COUNT(bad_schemas));
}

static void each_mistake_in_a_key_is_told(void **state)
{
    (void)state;
    check_all(bad_keys, COUNT(bad_keys));
}

static void a_missing_key_is_pointed_to(void **state)
{
    (void)state;
    check_bad("{\"singular\": \"recipe\", \"schema\": {\"type\": \"object\"}}",
              NAME "/name: is required\n");
    check_bad("{\"name\": \"recipes\", \"singular\": \"recipe\"}", NAME "/schema: is required\n");
    check_bad("{\"name\": \"recipes\", \"schema\": {\"type\": \"object\"}}",
              NAME "/singular: is required\n");
    check_bad("{\"name\": \"recipes\", \"singular\": \"recipe\", \"schema\": {\"properties\": {}}}",
              NAME "/schema/type: is required\n");
    check_bad(
        "{\"name\": \"recipes\", \"singular\": \"recipe\", \"schema\": {\"type\": \"array\"}}",
        NAME "/schema/type: must be \"object\"\n");
}

static void names_of_our_own_are_taken(void **state)
{
    static const char *const words[] = {"users", "sessions",    "me",        "docs",    "admin",
                                        "count", "tag",         "fence",     "lock",    "user",
                                        "owner", "profile",     "view",      "views",   "epoch",
                                        "born",  "idempotency", "dashboard", "session", "throttle"};
    char text[256], told[256];

    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        snprintf(text, sizeof text,
                 "{\"name\": \"%s\", \"singular\": \"x\", \"schema\": {\"type\": \"object\"}}",
                 words[i]);
        snprintf(told, sizeof told, NAME "/name: \"%s\" is a name that Larder itself uses\n",
                 words[i]);
        check_bad(text, told);
    }
    check_bad("{\"name\": \"Recipes\", \"singular\": \"x\", \"schema\": {\"type\": \"object\"}}",
              NAME "/name: must be a lower-case letter and up to 31 such letters, digits or "
                   "\"-\"\n");
    check_bad("{\"name\": \"fish\", \"singular\": \"fish\", \"schema\": {\"type\": \"object\"}}",
              NAME "/singular: must differ from \"name\"\n");
}

static void no_json_is_told_with_its_line(void **state)
{
    (void)state;
    check_bad("[]", NAME "must be a JSON object\n");
    check_bad("{\n  \"name\": }", NAME "line 2, column 11: unexpected token near '}'\n");
    check_bad("{\"name\": 1, \"name\": 2}",
              NAME "line 1, column 18: duplicate object key near '\"name\"'\n");
}

static void all_mistakes_are_told_together(void **state)
{
    (void)state;
    check_bad(files_text("\"a\": {\"type\": \"string\", \"x\": 1, \"y\": 2}",
                         ", \"views\": 3, \"filters\": {\"q\": \"a\"}"),
              NAME "/schema/properties/a/x: is not a known keyword\n" NAME
                   "/schema/properties/a/y: is not a known keyword\n" NAME
                   "/filters/q: is a parameter of every list\n" NAME
                   "/views: must be true or false\n");
}

/* --- Bounds --- */

/* "a": an object in an object … of a string, this many objects. */
static const char *nested(unsigned objects)
{
    static char text[4096];
    size_t at = 0;

    for (unsigned i = 0; i < objects; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "\"a\": {\"type\": \"object\", \"properties\": {");
    at += (size_t)snprintf(text + at, sizeof text - at, "\"a\": {\"type\": \"string\"}");
    for (unsigned i = 0; i < objects; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "}}");
    return text;
}

static void eight_levels_are_possible(void **state)
{
    (void)state;
    schema_free(files_good(files_text(nested(7), "")));
    check_bad(files_text(nested(8), ""),
              NAME "/schema/properties/a/properties/a/properties/a/properties/a/properties/a/"
                   "properties/a/properties/a/properties/a: is on level 9: 8 are possible\n");
}

static const char *many_fields(unsigned count)
{
    static char text[64 << 10];
    size_t at = 0;

    for (unsigned i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s\"f%u\": {\"type\": \"string\"}",
                               i > 0 ? ", " : "", i);
    return text;
}

static void fields_are_counted(void **state)
{
    struct schema *schema = files_good(files_text(many_fields(256), ""));

    (void)state;
    assert_int_equal(schema_resource(schema, 0)->field_count, 257);
    schema_free(schema);
    check_bad(files_text(many_fields(257), ""), NAME "/schema: has more than 256 fields\n");
}

/* --- Several files --- */

static void check_two(const char *one, const char *other, const char *told)
{
    struct buf problems = BUF_INIT(FILES_TEXT_MAX);
    struct schema *schema;

    files_write("a.json", one);
    files_write("b.json", other);
    assert_int_equal(schema_load(folder, &schema, &problems), ERR_INVALID);
    assert_null(schema);
    assert_str(buf_view(&problems), told);
    files_remove("a.json");
    files_remove("b.json");
    buf_free(&problems);
}

static void resources_share_nothing(void **state)
{
    const char *tale = "{\"name\": \"tales\", \"singular\": \"tale\", \"schema\": {\"type\": "
                       "\"object\"}}";

    (void)state;
    check_two(tale, tale,
              "b.json: /name: \"tales\" is in a.json, too\n"
              "b.json: /singular: \"tale\" is in a.json, too\n"
              "b.json: /collection: \"tales\" is in a.json, too\n");
    check_two(tale, "{\"name\": \"tale\", \"singular\": \"x\", \"schema\": {\"type\": \"object\"}}",
              "b.json: /name: \"tale\" is in a.json, too\n");
    check_two(tale,
              "{\"name\": \"xs\", \"singular\": \"x\", \"collection\": \"tales\", \"schema\": "
              "{\"type\": \"object\"}}",
              "b.json: /collection: \"tales\" is in a.json, too\n");
}

static void a_folder_may_hold_other_files(void **state)
{
    struct buf problems = BUF_INIT(FILES_TEXT_MAX);
    struct schema *schema;

    (void)state;
    assert_int_equal(schema_load("/nonexistent", &schema, &problems), ERR_IO);
    buf_reset(&problems);
    files_write("resource.schema.json", "{}");
    files_write("notes.txt", "{}");
    assert_int_equal(schema_load(folder, &schema, &problems), ERR_INVALID);
    buf_reset(&problems);
    files_write("b.json", files_text(TITLE, ""));
    assert_int_equal(schema_load(folder, &schema, &problems), ERR_OK);
    assert_int_equal(schema_count(schema), 1);
    assert_str(schema_file(schema, schema_resource(schema, 0)), "b.json");
    assert_ptr_equal(schema_find(schema, STR("recipes")), schema_resource(schema, 0));
    assert_null(schema_find(schema, STR("recipe")));
    schema_free(schema);
    files_remove("resource.schema.json");
    files_remove("notes.txt");
    files_remove("b.json");
    buf_free(&problems);
}

static void what_nothing_refers_to_is_checked_as_well(void **state)
{
    (void)state;
    check_bad("{\"name\": \"recipes\", \"singular\": \"recipe\", \"schema\": {\"type\": "
              "\"object\", \"$defs\": {\"a\": "
              "{\"type\": \"string\", \"x\": 1}}}}",
              NAME "/schema/$defs/a/x: is not a known keyword\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_in_a_schema_is_told),
        cmocka_unit_test(each_mistake_in_a_key_is_told),
        cmocka_unit_test(a_missing_key_is_pointed_to),
        cmocka_unit_test(names_of_our_own_are_taken),
        cmocka_unit_test(no_json_is_told_with_its_line),
        cmocka_unit_test(all_mistakes_are_told_together),
        cmocka_unit_test(eight_levels_are_possible),
        cmocka_unit_test(fields_are_counted),
        cmocka_unit_test(resources_share_nothing),
        cmocka_unit_test(a_folder_may_hold_other_files),
        cmocka_unit_test(what_nothing_refers_to_is_checked_as_well),
    };

    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
