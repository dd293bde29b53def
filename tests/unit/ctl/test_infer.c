/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/infer.h"
#include "mongo/bson_value.h"
#include "mongo/driver.h"

static struct infer *infer;
static json_t *file;

static int begin(void **state)
{
    (void)state;
    infer = infer_new(STR("OrderLines"));
    return 0;
}

static int end(void **state)
{
    (void)state;
    infer_free(infer);
    json_decref(file);
    file = NULL;
    return 0;
}

/* In MongoDB's extended JSON. */
static void see(const char *json)
{
    bson_t *document = bson_new_from_json((const uint8_t *)json, -1, NULL);
    struct bson_element whole = {.kind = KIND_DOCUMENT};
    struct value value;
    struct arena arena;

    assert_non_null(document);
    whole.data = bson_get_data(document);
    whole.len = document->len;
    arena_init(&arena, NULL, 0);
    assert_true(bson_value(&whole, &arena, &value));
    infer_document(infer, &value);
    arena_reset(&arena);
    bson_destroy(document);
}

static void see_index(const struct index_key *keys, size_t count, bool unique)
{
    infer_index(infer, &(struct index_spec){
                           .name = STR("x"), .keys = keys, .key_count = count, .unique = unique});
}

static void print(void)
{
    struct buf out = BUF_INIT(1 << 20);

    infer_print(infer, true, &out);
    json_decref(file);
    file = json_loadb(out.ptr, out.len, 0, NULL);
    if (file == NULL)
        fail_msg("%.*s", (int)out.len, out.ptr);
    buf_free(&out);
}

/* The value at a path of keys, as JSON. */
static void assert_at(const char *path, const char *expected)
{
    const json_t *json = file;
    struct str rest = str_from(path), key;
    char *text;

    while (str_split(&rest, '/', &key))
        json = json_object_getn(json, key.ptr, key.len);
    text = json != NULL ? json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    assert_string_equal(text != NULL ? text : "(none)", expected);
    free(text);
}

#define FIELD(name) "schema/properties/" name

static void test_types(void **state)
{
    (void)state;
    see("{\"_id\":{\"$oid\":\"65a0c0ffee0123456789abcd\"},\"s\":\"abc\",\"i\":5,\"d\":1.5,"
        "\"n\":null,\"b\":true,\"t\":{\"$date\":\"2026-01-01T00:00:00Z\"},"
        "\"o\":{\"$oid\":\"65a0c0ffee0123456789abcd\"},\"x\":{\"$numberDecimal\":\"1.50\"},"
        "\"u\":{\"$uuid\":\"01234567-89ab-cdef-0123-456789abcdef\"},"
        "\"r\":{\"$regularExpression\":{\"pattern\":\"a\",\"options\":\"\"}},"
        "\"day\":\"2026-01-02\",\"mail\":\"a@example.org\",\"link\":\"https://example.org/a\"}");
    see("{\"_id\":{\"$oid\":\"65a0c0ffee0123456789abce\"},\"s\":null,\"i\":7,\"d\":2}");
    print();
    assert_at("id", "\"objectid\"");
    assert_at(FIELD("s"), "{\"type\":[\"string\",\"null\"],\"maxLength\":20}");
    assert_at(FIELD("i"), "{\"type\":\"integer\"}");
    assert_at(FIELD("d"), "{\"type\":\"number\"}");
    assert_at(FIELD("n"), "{\"type\":\"null\"}");
    assert_at(FIELD("b"), "{\"type\":\"boolean\"}");
    assert_at(FIELD("t"), "{\"type\":\"string\",\"format\":\"date-time\"}");
    assert_at(FIELD("o"), "{\"type\":\"string\",\"format\":\"objectid\"}");
    assert_at(FIELD("x"), "{\"type\":\"string\",\"format\":\"decimal\"}");
    assert_at(FIELD("u"), "{\"type\":\"string\",\"format\":\"uuid\"}");
    assert_at(FIELD("r"), "{\"type\":\"string\",\"readOnly\":true}");
    assert_at(FIELD("day"), "{\"type\":\"string\",\"format\":\"date\"}");
    assert_at(FIELD("mail"), "{\"type\":\"string\",\"format\":\"email\",\"maxLength\":50}");
    assert_at(FIELD("link"), "{\"type\":\"string\",\"format\":\"uri\",\"maxLength\":50}");
    /* What both have. */
    assert_at("schema/required", "[\"s\",\"i\",\"d\"]");
    assert_at("name", "\"order-lines\"");
    assert_at("singular", "\"order-line\"");
    assert_at("collection", "\"OrderLines\"");
    assert_at("sorts", "[\"-_id\",\"_id\"]");
    assert_at("fields", "{\"version\":null,\"createdAt\":null,\"updatedAt\":null,\"owner\":null}");
}

static void test_nested(void **state)
{
    (void)state;
    see("{\"_id\":1,\"chef\":{\"name\":\"Ada\",\"home\":{\"city\":\"Graz\"}},"
        "\"steps\":[{\"text\":\"a\",\"min\":1},{\"text\":\"b\"}],\"tags\":[\"x\"],\"none\":[]}");
    see("{\"_id\":2,\"chef\":{\"name\":\"Bo\"},\"steps\":[],\"tags\":[\"y\",\"z\"],\"none\":[]}");
    print();
    assert_at("id", "\"integer\"");
    assert_at(FIELD("chef/required"), "[\"name\"]");
    assert_at(FIELD("chef/properties/home/properties/city/type"), "\"string\"");
    assert_at(FIELD("steps/items/required"), "[\"text\"]");
    assert_at(FIELD("steps/items/properties/min"), "{\"type\":\"integer\"}");
    assert_at(FIELD("steps/maxItems"), "20");
    assert_at(FIELD("tags/items"), "{\"type\":\"string\",\"maxLength\":20}");
    assert_at(FIELD("none"), "{\"type\":\"array\",\"maxItems\":20}");
}

static void test_choices(void **state)
{
    char json[200];

    (void)state;
    for (int i = 0; i < 60; i++) {
        snprintf(json, sizeof json,
                 "{\"_id\":%d,\"state\":\"%s\",\"name\":\"n%d\",\"one\":\"same\"}", i,
                 i % 3 == 0   ? "open"
                 : i % 3 == 1 ? "paid"
                              : "sent",
                 i);
        see(json);
    }
    print();
    assert_at(FIELD("state"), "{\"enum\":[\"open\",\"paid\",\"sent\"]}");
    assert_at(FIELD("name"), "{\"type\":\"string\",\"maxLength\":20}");
    assert_at(FIELD("one"), "{\"type\":\"string\",\"maxLength\":20}");
}

/* Keys that are values, names that no path can have, and more levels than a file may have. */
static void test_what_no_file_can_tell(void **state)
{
    char json[200];

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(json, sizeof json, "{\"_id\":%d,\"map\":{\"k%d\":1},\"a.b\":1,\"$c\":2}", i, i);
        see(json);
    }
    see("{\"_id\":1000,\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":1}}}}}}}}}");
    print();
    assert_at(FIELD("map"), "{\"type\":\"object\",\"additionalProperties\":true}");
    assert_at("schema/additionalProperties", "true");
    assert_at(FIELD("a.b"), "(none)");
    assert_at(
        FIELD("l/properties/l/properties/l/properties/l/properties/l/properties/l/properties/l"),
        "{\"type\":\"object\",\"additionalProperties\":true}");
}

static void test_queries(void **state)
{
    static const struct index_key sku[] = {{STR_INIT("sku"), 1}};
    static const struct index_key by_state[] = {{STR_INIT("state"), 1}, {STR_INIT("made_on"), -1}};
    static const struct index_key price[] = {{STR_INIT("price"), -1}};
    static const struct index_key created[] = {{STR_INIT("created_at"), -1}};
    static const struct index_key city[] = {{STR_INIT("home.city"), 1}};
    static const struct index_key words[] = {{STR_INIT("sku"), INDEX_TEXT},
                                             {STR_INIT("home.city"), INDEX_TEXT}};
    static const struct index_key id[] = {{STR_INIT("_id"), 1}};
    static const struct index_key page[] = {{STR_INIT("page"), 1}};
    char json[300];

    (void)state;
    for (int i = 0; i < 40; i++) {
        snprintf(json, sizeof json,
                 "{\"_id\":%d,\"sku\":\"s%d\",\"state\":\"%s\",\"price\":%d.5,\"page\":\"p%d\","
                 "\"made_on\":{\"$date\":{\"$numberLong\":\"%d000\"}},\"home\":{\"city\":\"c%d\"},"
                 "\"created_at\":{\"$date\":{\"$numberLong\":\"%d000\"}},\"__v\":%d,"
                 "\"version\":\"1.0-%d\"}",
                 i, i, i % 2 ? "x" : "y", i, i, i, i, i, i, i);
        see(json);
    }
    see_index(id, 1, false);
    see_index(sku, 1, true);
    see_index(by_state, 2, false);
    see_index(price, 1, false);
    see_index(city, 1, false);
    see_index(page, 1, false);
    see_index(created, 1, false);
    see_index(words, 2, false);
    print();
    assert_at("filters/sku", "\"sku\"");
    assert_at("filters/state", "\"state\"");
    assert_at("filters/made_onFrom", "{\"gte\":\"made_on\"}");
    assert_at("filters/made_onTo", "{\"lte\":\"made_on\"}");
    assert_at("filters/minPrice", "{\"gte\":\"price\"}");
    assert_at("filters/homeCity", "\"home.city\"");
    assert_at("filters/byPage", "\"page\"");
    assert_at("search", "[\"sku\",\"home.city\"]");
    assert_at("indexes", "[{\"keys\":\"sku\",\"unique\":true}]");
    assert_at("cache/partition", "\"state\"");
    assert_at("fields", "{\"version\":\"__v\",\"createdAt\":\"created_at\",\"updatedAt\":null,"
                        "\"owner\":null}");
    assert_at(FIELD("created_at/readOnly"), "true");
    assert_at(FIELD("__v"), "(none)");
    assert_at(FIELD("version/type"), "\"string\"");
    assert_at("sorts", "[\"-_id\",\"_id\",\"sku\",\"-sku\",\"-made_on\",\"made_on\",\"-price\","
                       "\"price\"]");
}

static void test_newest_first(void **state)
{
    static const struct index_key created[] = {{STR_INIT("createdAt"), 1}};

    (void)state;
    see("{\"_id\":\"a\",\"createdAt\":{\"$date\":\"2026-01-01T00:00:00Z\"},"
        "\"updatedAt\":\"yesterday\"}");
    see_index(created, 1, false);
    print();
    assert_at("id", "\"string\"");
    assert_at("sorts", "[\"-createdAt\",\"createdAt\"]");
    assert_at("fields/createdAt", "\"createdAt\"");
    assert_at("fields/updatedAt", "null");
    assert_at(FIELD("updatedAt"), "{\"type\":\"string\",\"maxLength\":20}");
}

static void test_mixed(void **state)
{
    struct buf out = BUF_INIT(1000);

    (void)state;
    see("{\"_id\":1,\"price\":5,\"a\":{\"b\":[1,\"x\"]}}");
    see("{\"_id\":2,\"price\":\"5\",\"a\":{\"b\":[2.5]}}");
    see("{\"_id\":3,\"price\":1.5,\"a\":{}}");
    infer_print_mixed(infer, &out);
    assert_str(buf_view(&out), "price: 1 integer, 1 double, 1 string\n"
                               "a.b: 1 integer, 1 double, 1 string\n");
    print();
    assert_at(FIELD("price"), "{\"type\":\"number\"}");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_types, begin, end),
        cmocka_unit_test_setup_teardown(test_nested, begin, end),
        cmocka_unit_test_setup_teardown(test_choices, begin, end),
        cmocka_unit_test_setup_teardown(test_what_no_file_can_tell, begin, end),
        cmocka_unit_test_setup_teardown(test_queries, begin, end),
        cmocka_unit_test_setup_teardown(test_newest_first, begin, end),
        cmocka_unit_test_setup_teardown(test_mixed, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
