/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "base/buf.h"
#include "schema/check.h"
#include "schema/schema.h"

enum { NOW_MS = 1000000 };

struct fixture {
    struct arena arena;
    struct problem problem;
    struct value value;
};

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY, &error);

    if (json == NULL)
        fail_msg("%s: %s", error.text, text);
    return json;
}

static enum err run(struct fixture *fixture, const struct field *field, const json_t *json,
                    bool defaults)
{
    struct check check = {.arena = &fixture->arena,
                          .problem = &fixture->problem,
                          .now_ms = NOW_MS,
                          .defaults = defaults};

    arena_init(&fixture->arena, NULL, 0);
    problem_init(&fixture->problem, &fixture->arena);
    return field != NULL ? check_value(&check, field, STR(""), json, &fixture->value)
                         : check_anything(&check, STR(""), json, &fixture->value);
}

/* The field "f" of a document whose schema has these properties. */
static const struct field *form_of(const char *schema)
{
    struct buf text = BUF_INIT(1 << 16);
    const struct field *form;

    buf_printf(&text, "{\"type\":\"object\",\"properties\":{\"f\":%s}}", schema);
    buf_char(&text, '\0');
    form = schema_form(text.ptr);
    buf_free(&text);
    return form;
}

/* "path: message; path: message" of all errors. */
static struct str errors_of(struct fixture *fixture)
{
    struct buf text = BUF_INIT(1 << 16);
    struct str copy;

    for (size_t i = 0; i < fixture->problem.count; i++) {
        if (i > 0)
            buf_literal(&text, "; ");
        buf_str(&text, fixture->problem.errors[i].field);
        buf_literal(&text, ": ");
        buf_str(&text, fixture->problem.errors[i].message);
    }
    copy = arena_str(&fixture->arena, buf_view(&text));
    buf_free(&text);
    return copy;
}

struct example {
    const char *schema, *json; /* of f */
    const char *errors;        /* NULL: it is good */
};

static void try_all(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct example *example = &examples[i];
        struct fixture fixture;
        struct str errors;
        json_t *json = json_pack("{s:o}", "f", parse(example->json));
        enum err err = run(&fixture, form_of(example->schema), json, false);

        errors = errors_of(&fixture);
        if (!str_eq(errors, str_from(example->errors)) ||
            (err == ERR_OK) != (example->errors == NULL))
            fail_msg("%s of %s: %.*s", example->json, example->schema, (int)errors.len, errors.ptr);
        json_decref(json);
        arena_reset(&fixture.arena);
    }
}
#define TRY_ALL(examples) try_all((examples), sizeof(examples) / sizeof *(examples))

#define NAME  "{\"type\":\"string\",\"minLength\":1,\"maxLength\":5}"
#define PRICE "{\"type\":\"number\",\"minimum\":0}"
#define WHOLE "{\"type\":\"integer\",\"minimum\":1,\"maximum\":10}"
#define LONG  "{\"type\":\"integer\"}"

static void strings(void **state)
{
    static const struct example examples[] = {
        {NAME, "\"a\"", NULL},
        {NAME, "\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\"", NULL},
        {NAME, "\"\"", "f: must be a string of 1 to 5 characters"},
        {NAME, "\"abcdef\"", "f: must be a string of 1 to 5 characters"},
        {NAME, "5", "f: must be a string of 1 to 5 characters"},
        {NAME, "\" \\t\"", "f: must hold something that shows"},
        {NAME, "\"\\u200b\\ufeff\\u3000\"", "f: must hold something that shows"},
        {NAME, "\"\\udb40\\udc01\"", "f: must hold something that shows"},
        {NAME, "\"\\u200bx\"", NULL},
        {"{\"type\":\"string\",\"maxLength\":5}", "\" \"", NULL},
        {"{\"type\":\"string\",\"pattern\":\"^[a-z]+$\"}", "\"abc\"", NULL},
        {"{\"type\":\"string\",\"pattern\":\"^[a-z]+$\"}", "\"aBc\"", "f: must match ^[a-z]+$"},
        {"{\"type\":\"string\",\"format\":\"date\"}", "\"2028-02-29\"", NULL},
        {"{\"type\":\"string\",\"format\":\"date\"}", "\"2026-02-29\"",
         "f: must be a day such as 2026-11-23"},
        {"{\"type\":\"string\",\"format\":\"date\"}", "\"2026-01-01T00:00Z\"",
         "f: must be a day such as 2026-11-23"},
        {"{\"type\":\"string\",\"format\":\"email\"}", "\"Ada@example.org\"", NULL},
        {"{\"type\":\"string\",\"format\":\"email\"}", "\"ada\"",
         "f: must be an address such as ada@example.org"},
        {"{\"type\":\"string\",\"format\":\"uri\"}", "\"https://h/a%20b?c=d#e\"", NULL},
        {"{\"type\":\"string\",\"format\":\"uri\"}", "\"urn:x\"", NULL},
        {"{\"type\":\"string\",\"format\":\"uri\"}", "\"/a\"",
         "f: must be a URI such as https://example.org/a"},
        {"{\"type\":\"string\",\"format\":\"uri\"}", "\"https://h/a b\"",
         "f: must be a URI such as https://example.org/a"},
        {"{\"type\":\"string\",\"format\":\"uri\"}", "\"https://h/%zz\"",
         "f: must be a URI such as https://example.org/a"},
        {"{\"type\":\"string\",\"format\":\"uri\"}", "\"1a:b\"",
         "f: must be a URI such as https://example.org/a"},
    };

    (void)state;
    TRY_ALL(examples);
}

static void strings_of_other_types(void **state)
{
    static const struct example examples[] = {
        {"{\"type\":\"string\",\"format\":\"date-time\"}", "\"2026-11-23T17:00:00+01:00\"", NULL},
        {"{\"type\":\"string\",\"format\":\"date-time\"}", "\"yesterday\"",
         "f: must be a time such as 2026-11-23T17:00:00.000Z"},
        {"{\"type\":\"string\",\"format\":\"date-time\"}", "5",
         "f: must be a time such as 2026-11-23T17:00:00.000Z"},
        {"{\"type\":\"string\",\"format\":\"objectid\"}", "\"0123456789abcdefABCDEF01\"", NULL},
        {"{\"type\":\"string\",\"format\":\"objectid\"}", "\"x\"", "f: must be 24 hex digits"},
        {"{\"type\":\"string\",\"format\":\"uuid\"}", "\"01234567-89ab-cdef-0123-456789abcdef\"",
         NULL},
        {"{\"type\":\"string\",\"format\":\"decimal\"}", "\"-12.50\"", NULL},
        {"{\"type\":\"string\",\"format\":\"decimal\"}", "\"1e3\"",
         "f: must be a decimal number in a string such as \"12.50\", of at most 34 digits"},
        {"{\"type\":\"string\",\"format\":\"decimal\"}", "12.5",
         "f: must be a decimal number in a string such as \"12.50\", of at most 34 digits"},
    };
    struct fixture fixture;
    json_t *json = parse("{\"f\":\"2026-11-23T17:00:00.5+01:00\"}");

    (void)state;
    TRY_ALL(examples);
    assert_int_equal(
        run(&fixture, form_of("{\"type\":\"string\",\"format\":\"date-time\"}"), json, false),
        ERR_OK);
    assert_int_equal(fixture.value.object.members[0].value.type, VALUE_DATE);
    assert_int_equal(fixture.value.object.members[0].value.integer, 1795449600500);
    json_decref(json);
    arena_reset(&fixture.arena);
}

static void numbers(void **state)
{
    static const struct example examples[] = {
        {PRICE, "0", NULL},
        {PRICE, "1e300", NULL},
        {PRICE, "-0.0", NULL},
        {PRICE, "-1", "f: must be a number of at least 0"},
        {PRICE, "\"1\"", "f: must be a number of at least 0"},
        {PRICE, "9007199254740993", "f: has more digits than a number can keep"},
        {PRICE, "9223372036854775807", "f: has more digits than a number can keep"},
        {PRICE, "9007199254740992", NULL},
        {"{\"type\":\"number\"}", "-9223372036854775808", NULL},
        {"{\"type\":\"number\"}", "true", "f: must be a number"},
        {"{\"type\":\"number\",\"exclusiveMinimum\":0}", "0", "f: must be a number greater than 0"},
        {"{\"type\":\"number\",\"exclusiveMaximum\":1}", "1", "f: must be a number less than 1"},
        {"{\"type\":\"number\",\"minimum\":0,\"exclusiveMaximum\":1}", "1",
         "f: must be a number of at least 0 and less than 1"},
        {"{\"type\":\"number\",\"minimum\":0,\"exclusiveMaximum\":1}", "0", NULL},
        {"{\"type\":\"number\",\"minimum\":0,\"maximum\":1}", "2",
         "f: must be a number from 0 to 1"},
        {"{\"type\":\"number\",\"multipleOf\":0.01}", "19.99", NULL},
        {"{\"type\":\"number\",\"multipleOf\":0.01}", "4.35", NULL},
        {"{\"type\":\"number\",\"multipleOf\":0.01}", "19.999", "f: must be a multiple of 0.01"},
        {"{\"type\":\"number\",\"multipleOf\":0.5}", "1e308", NULL},
        {WHOLE, "1", NULL},
        {WHOLE, "2.0", NULL},
        {WHOLE, "2.5", "f: must be a whole number from 1 to 10"},
        {WHOLE, "11", "f: must be a whole number from 1 to 10"},
        {WHOLE, "\"2\"", "f: must be a whole number from 1 to 10"},
        {LONG, "9223372036854775807", NULL},
        {LONG, "-9223372036854775808", NULL},
        {LONG, "9007199254740991.0", NULL},
        {LONG, "9007199254740993.0", "f: must be a whole number"},
        {LONG, "1e19", "f: must be a whole number"},
        {"{\"type\":\"integer\",\"multipleOf\":5}", "10", NULL},
        {"{\"type\":\"integer\",\"multipleOf\":5}", "9223372036854775805", NULL},
        {"{\"type\":\"integer\",\"multipleOf\":5}", "9223372036854775807",
         "f: must be a multiple of 5"},
        {"{\"type\":\"integer\",\"exclusiveMinimum\":0}", "0",
         "f: must be a whole number of at least 1"},
    };
    struct fixture fixture;
    json_t *json = parse("{\"f\":9223372036854775807}");

    (void)state;
    TRY_ALL(examples);
    assert_int_equal(run(&fixture, form_of(LONG), json, false), ERR_OK);
    assert_int_equal(fixture.value.object.members[0].value.integer, INT64_MAX);
    json_decref(json);
    arena_reset(&fixture.arena);
}

static void enums_and_null(void **state)
{
    static const struct example examples[] = {
        {"{\"enum\":[\"a\",\"b\",1]}", "\"a\"", NULL},
        {"{\"enum\":[\"a\",\"b\",1]}", "1.0", NULL},
        {"{\"enum\":[\"a\",\"b\",1]}", "\"c\"", "f: must be one of \"a\", \"b\", 1"},
        {"{\"enum\":[\"a\",\"b\",1]}", "true", "f: must be one of \"a\", \"b\", 1"},
        {"{\"const\":true}", "true", NULL},
        {"{\"const\":true}", "1", "f: must be true"},
        {"{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}", "5", "f: must be one of \"a\", \"b\""},
        {"{\"enum\":[{\"a\":1,\"b\":[2]}]}", "{\"b\":[2.0],\"a\":1}", NULL},
        {"{\"enum\":[\"a\",null]}", "null", NULL},
        {"{\"type\":\"null\"}", "null", NULL},
        {"{\"type\":\"null\"}", "0", "f: must be null"},
        {"{\"type\":[\"integer\",\"null\"]}", "null", NULL},
        {"{\"type\":\"boolean\"}", "false", NULL},
        {"{\"type\":\"boolean\"}", "0", "f: must be true or false"},
        {"{\"type\":\"boolean\"}", "null", NULL}, /* left out */
        {"{\"type\":\"boolean\",\"readOnly\":true}", "true", "f: is read-only"},
    };

    (void)state;
    TRY_ALL(examples);
}

#define TAGS                                                                                       \
    "{\"type\":\"array\",\"minItems\":1,\"maxItems\":3,\"uniqueItems\":true,\"items\":{\"type\":"  \
    "\"string\",\"maxLength\":3}}"
#define ANY                                                                                        \
    "{\"type\":\"array\",\"uniqueItems\":true,\"maxItems\":1000,\"items\":{\"enum\":[1,2,3]}}"
#define STEPS                                                                                      \
    "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"text\"],\"properties\":{"  \
    "\"text\":{\"type\":\"string\"},\"minutes\":{\"type\":\"integer\"}}}}"

static void arrays_and_objects(void **state)
{
    static const struct example examples[] = {
        {TAGS, "[\"a\",\"b\"]", NULL},
        {TAGS, "[]", "f: must be an array of 1 to 3 items"},
        {TAGS, "\"a\"", "f: must be an array of 1 to 3 items"},
        {TAGS, "[\"a\",\"abcd\",5]",
         "f[1]: must be a string of 0 to 3 characters; f[2]: must be a string of 0 to 3 "
         "characters"},
        {TAGS, "[\"a\",\"b\",\"a\"]", "f: must not have an item twice, as [2]"},
        {ANY, "[1,2,1.0]", "f: must not have an item twice, as [2]"},
        {STEPS, "[{\"text\":\"a\",\"minutes\":2.0}]", NULL},
        {STEPS, "[{\"text\":\"a\"},{\"minutes\":2.5,\"x\":1}]",
         "f[1].x: is not a known field; f[1].text: is required; f[1].minutes: must be a whole "
         "number"},
        {STEPS, "[1]", "f[0]: must be an object"},
        {"{\"type\":\"object\",\"additionalProperties\":true}", "{\"a\":{\"b\":[1,null]}}", NULL},
        {"{\"type\":\"object\",\"additionalProperties\":true}", "{\"a\":{\"$b\":1}}",
         "f.a.$b: must not be empty, begin with $ or have a dot in its name"},
        {"{\"type\":\"object\",\"additionalProperties\":true}", "{\"a.b\":1}",
         "f.a.b: must not be empty, begin with $ or have a dot in its name"},
        {"{\"type\":\"object\"}", "{\"a\":1}", "f.a: is not a known field"},
    };

    (void)state;
    TRY_ALL(examples);
}

static void defaults_are_for_creation(void **state)
{
    static const char schema[] =
        "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"default\":3},\"t\":{"
        "\"type\":\"string\",\"format\":\"date-time\",\"default\":\"now\"}}}";
    struct fixture fixture;
    json_t *json = parse("{\"f\":{\"n\":null}}");
    const struct value *inner;

    (void)state;
    assert_int_equal(run(&fixture, form_of(schema), json, true), ERR_OK);
    inner = &fixture.value.object.members[0].value;
    assert_int_equal(inner->object.count, 2);
    assert_int_equal(inner->object.members[0].value.integer, 3);
    assert_int_equal(inner->object.members[1].value.integer, NOW_MS);
    arena_reset(&fixture.arena);
    assert_int_equal(run(&fixture, form_of(schema), json, false), ERR_OK);
    assert_int_equal(fixture.value.object.members[0].value.object.count, 0);
    json_decref(json);
    arena_reset(&fixture.arena);
}

/* A thousand items that share all but their ends. */
static void unique_items_are_compared_in_order(void **state)
{
    const struct field *form = form_of(
        "{\"type\":\"array\",\"uniqueItems\":true,\"maxItems\":1000,\"items\":{\"type\":\"object\","
        "\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"integer\"}}}}");
    json_t *array = json_array(), *json = json_pack("{s:o}", "f", array);
    struct fixture fixture;

    (void)state;
    for (int i = 0; i < 1000; i++)
        json_array_append_new(array,
                              json_pack("{s:s,s:i}", "a", "the same text in each of them", "b", i));
    assert_int_equal(run(&fixture, form, json, false), ERR_OK);
    arena_reset(&fixture.arena);
    json_array_set_new(array, 999,
                       json_pack("{s:f,s:s}", "b", 500.0, "a", "the same text in each of them"));
    assert_int_equal(run(&fixture, form, json, false), ERR_INVALID);
    assert_str(fixture.problem.errors[0].message, "must not have an item twice, as [999]");
    json_decref(json);
    arena_reset(&fixture.arena);
}

static void anything_is_taken_by_its_type(void **state)
{
    struct fixture fixture;
    json_t *json = parse("{\"a\":[1,2.5,\"x\",true,null,{}]}");
    const struct value *items;

    (void)state;
    assert_int_equal(run(&fixture, NULL, json, false), ERR_OK);
    items = fixture.value.object.members[0].value.list.items;
    assert_int_equal(items[0].type, VALUE_INT);
    assert_int_equal(items[1].type, VALUE_DOUBLE);
    assert_int_equal(items[5].type, VALUE_OBJECT);
    json_decref(json);
    arena_reset(&fixture.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),
        cmocka_unit_test(strings_of_other_types),
        cmocka_unit_test(numbers),
        cmocka_unit_test(enums_and_null),
        cmocka_unit_test(arrays_and_objects),
        cmocka_unit_test(defaults_are_for_creation),
        cmocka_unit_test(unique_items_are_compared_in_order),
        cmocka_unit_test(anything_is_taken_by_its_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
