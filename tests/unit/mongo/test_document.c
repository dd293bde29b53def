/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdio.h>

#include "base/idiom.h"
#include "mongo/collection.h"
#include "mongo/driver.h"

static struct buf seen = BUF_INIT(4096);

static void note(void *context, const struct value *value)
{
    (void)context;
    switch (value->type) {
    case VALUE_NULL: buf_literal(&seen, "null"); break;
    case VALUE_INT: buf_int(&seen, value->integer); break;
    case VALUE_STRING: buf_str(&seen, value->string); break;
    case VALUE_DECIMAL:
        buf_printf(&seen, "d%.*s", (int)value->string.len, value->string.ptr);
        break;
    case VALUE_RAW: buf_printf(&seen, "raw%d", value->raw.kind); break;
    case VALUE_NONE: buf_literal(&seen, "none"); break;
    default: buf_literal(&seen, "other"); break;
    }
    buf_char(&seen, ' ');
}

static struct str data_of(const bson_t *document)
{
    return str_make((const char *)bson_get_data(document), document->len);
}

static void assert_each(const char *json, const char *path, const char *expected)
{
    bson_t *document = bson_new_from_json((const uint8_t *)json, -1, NULL);

    assert_non_null(document);
    buf_reset(&seen);
    assert_int_equal(document_each_value(data_of(document), str_from(path), note, NULL), ERR_OK);
    assert_str(buf_view(&seen), expected);
    bson_destroy(document);
}

static void test_each_value(void **state)
{
    (void)state;
    assert_each("{\"a\":\"x\"}", "a", "x ");
    assert_each("{\"a\":[1,\"x\",[2]]}", "a", "raw4 1 x raw4 ");
    assert_each("{\"b\":1}", "a", "null ");
    assert_each("{\"a\":null}", "a", "null ");
    assert_each("{\"a\":{\"b\":{\"c\":7}}}", "a.b.c", "7 ");
    assert_each("{\"a\":[{\"b\":1},{\"b\":[2,3]},{},5]}", "a.b", "1 raw4 2 3 null null ");
    assert_each("{\"a\":[]}", "a.b", "null ");
    assert_each("{\"a\":5}", "a.b", "null ");
    assert_each("{\"a\":{\"b\":1}}", "a", "raw3 ");
    assert_each("{\"a\":{\"$numberDecimal\":\"1.50\"}}", "a", "d1.50 ");
}

static void assert_value(const char *json, const char *path, bool raw, const char *expected)
{
    bson_t *document = bson_new_from_json((const uint8_t *)json, -1, NULL);
    struct value value;

    assert_non_null(document);
    buf_reset(&seen);
    assert_int_equal(document_value(data_of(document), str_from(path), raw, &value), ERR_OK);
    note(NULL, &value);
    assert_str(buf_view(&seen), expected);
    bson_destroy(document);
}

static void test_value(void **state)
{
    (void)state;
    assert_value("{\"a\":{\"b\":5}}", "a.b", false, "5 ");
    assert_value("{\"a\":{\"b\":5}}", "a.b", true, "raw16 ");
    assert_value("{\"a\":{\"b\":null}}", "a.b", true, "null ");
    assert_value("{\"a\":{\"b\":5}}", "a.c", false, "none ");
    assert_value("{\"a\":[{\"b\":5}]}", "a.b", false, "none ");
    assert_value("{\"a\":[1]}", "a", false, "raw4 ");
    assert_value("{\"ab\":1}", "a", false, "none ");
}

static void test_json_and_bytes(void **state)
{
    static const struct shape_field inner_fields[] = {{.name = STR_INIT("b")}};
    static const struct shape inner = SHAPE(inner_fields);
    static const struct shape_field fields[] = {{.name = STR_INIT("_id")},
                                                {.name = STR_INIT("a"), .inner = &inner}};
    static const struct shape shape = SHAPE(fields);
    const struct member members[] = {{STR("b"), value_decimal(STR("1.50"))},
                                     {STR("c"), value_int(3000000000)}};
    const struct assignment given[] = {{STR("_id"), ASSIGN_SET, value_int(7)},
                                       {STR("a"), ASSIGN_SET, value_object(members, 2)}};
    const struct document document = {given, COUNT(given)};
    const struct assignment change = {STR("a.c"), ASSIGN_SET, value_bool(true)};
    struct buf json = BUF_INIT(4096), bytes = BUF_INIT(4096), after = BUF_INIT(4096);
    struct value value;

    (void)state;
    assert_int_equal(document_json(&document, &shape, &json), ERR_OK);
    assert_str(buf_view(&json), "{\"_id\":7,\"a\":{\"b\":\"1.50\"}}");
    assert_int_equal(document_bytes(&document, &bytes), ERR_OK);
    assert_int_equal(document_value(buf_view(&bytes), STR("a.c"), false, &value), ERR_OK);
    assert_int_equal(value.integer, 3000000000);
    assert_int_equal(collection_preview(buf_view(&bytes), &change, 1, &after), ERR_OK);
    assert_int_equal(document_value(buf_view(&after), STR("a.c"), false, &value), ERR_OK);
    assert_true(value.boolean);
    buf_reset(&after);
    assert_int_equal(
        collection_preview(buf_view(&bytes),
                           &(struct assignment){STR("_id.x"), ASSIGN_SET, value_int(1)}, 1, &after),
        ERR_UNSUPPORTED);
    buf_free(&json);
    buf_free(&bytes);
    buf_free(&after);
}

/* Bytes that lie are an error, and are not read beyond. */
static void test_hostile(void **state)
{
    bson_t *document = bson_new_from_json(
        (const uint8_t *)"{\"a\":[{\"b\":\"text\"},{\"b\":[1,{\"c\":2.5}]}],\"d\":null}", -1, NULL);
    struct buf copy = BUF_INIT(4096);

    (void)state;
    for (size_t bit = 32; bit < 8 * document->len; bit++) {
        struct value value;
        buf_reset(&copy);
        buf_reset(&seen);
        buf_append(&copy, bson_get_data(document), document->len);
        copy.ptr[bit / 8] = (char)(copy.ptr[bit / 8] ^ (1 << bit % 8));
        (void)document_each_value(buf_view(&copy), STR("a.b"), note, NULL);
        (void)document_value(buf_view(&copy), STR("a"), true, &value);
    }
    for (size_t len = 0; len < document->len; len++) {
        assert_int_equal(document_each_value(str_make((const char *)bson_get_data(document), len),
                                             STR("a.b"), note, NULL),
                         ERR_PROTOCOL);
    }
    buf_free(&copy);
    bson_destroy(document);
}

static int teardown(void **state)
{
    (void)state;
    buf_free(&seen);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_value),
        cmocka_unit_test(test_value),
        cmocka_unit_test(test_json_and_bytes),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
