/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "base/idiom.h"
#include "mongo/bson_update.h"

#define AFTER(document, expected, ...)                                                             \
    do {                                                                                           \
        const struct assignment changes_[] = {__VA_ARGS__};                                        \
        assert_after((document), (expected), changes_, COUNT(changes_));                           \
    } while (0)

/* The document as it is afterwards, or NULL where it cannot be told. */
static void assert_after(const char *before, const char *expected, const struct assignment *changes,
                         size_t count)
{
    bson_t *document = bson_new_from_json((const uint8_t *)before, -1, NULL);
    struct str data = str_make((const char *)bson_get_data(document), document->len);
    bson_t after = BSON_INITIALIZER;
    bool told = bson_update(&after, data, changes, count);

    assert_int_equal(told, expected != NULL);
    if (told) {
        bson_t *wanted = bson_new_from_json((const uint8_t *)expected, -1, NULL);
        assert_true(bson_equal(&after, wanted));
        bson_destroy(wanted);
    }
    bson_destroy(&after);
    bson_destroy(document);
}

static void test_set_and_unset(void **state)
{
    struct value tags[] = {value_string(STR("x")), value_string(STR("y"))};

    (void)state;
    AFTER("{\"a\": \"old\", \"b\": true, \"c\": {\"d\": [1, null]}}",
          "{\"a\": \"new\", \"b\": true, \"c\": {\"d\": [1, null]}, \"e\": [\"x\", \"y\"]}",
          {STR("e"), ASSIGN_SET, value_list(tags, 2)},
          {STR("a"), ASSIGN_SET, value_string(STR("new"))});
    /* The type goes with the value, and the place stays. */
    AFTER("{\"a\": 1, \"b\": 2}", "{\"a\": {\"$date\": \"1970-01-01T00:00:00.005Z\"}, \"b\": 2}",
          {STR("a"), ASSIGN_SET, value_date(5)});
    AFTER("{\"a\": 1, \"b\": 2}", "{\"b\": 2}", {STR("a"), ASSIGN_UNSET, value_null()},
          {STR("absent"), ASSIGN_UNSET, value_null()});
    AFTER("{}", "{\"a\": null}", {STR("a"), ASSIGN_SET, value_null()});
    /* A name is all of a name. */
    AFTER("{\"ab\": 1}", "{\"ab\": 1, \"a\": true}", {STR("a"), ASSIGN_SET, value_bool(true)});
}

static void test_increase(void **state)
{
    (void)state;
    AFTER("{\"v\": {\"$numberLong\": \"41\"}}", "{\"v\": {\"$numberLong\": \"42\"}}",
          {STR("v"), ASSIGN_INC, value_int(1)});
    AFTER("{\"v\": 41}", "{\"v\": 42}", {STR("v"), ASSIGN_INC, value_int(1)});
    AFTER("{\"v\": 2147483647}", "{\"v\": {\"$numberLong\": \"2147483648\"}}",
          {STR("v"), ASSIGN_INC, value_int(1)});
    AFTER("{\"v\": 41}", "{\"v\": {\"$numberLong\": \"3000000041\"}}",
          {STR("v"), ASSIGN_INC, value_int(3000000000)});
    AFTER("{\"v\": 1.5}", "{\"v\": 2.5}", {STR("v"), ASSIGN_INC, value_int(1)});
    AFTER("{\"v\": 1}", "{\"v\": 1.5}", {STR("v"), ASSIGN_INC, value_double(0.5)});
    AFTER("{\"v\": 1.5}", "{\"v\": 2.0}", {STR("v"), ASSIGN_INC, value_double(0.5)});
    AFTER("{}", "{\"v\": 1}", {STR("v"), ASSIGN_INC, value_int(1)});
    /* What the server would refuse, or count in another type. */
    AFTER("{\"v\": \"41\"}", NULL, {STR("v"), ASSIGN_INC, value_int(1)});
    AFTER("{\"v\": null}", NULL, {STR("v"), ASSIGN_INC, value_int(1)});
    AFTER("{\"v\": {\"$numberLong\": \"9223372036854775807\"}}", NULL,
          {STR("v"), ASSIGN_INC, value_int(1)});
}

static void test_paths(void **state)
{
    (void)state;
    AFTER("{\"a\": {\"b\": 1, \"c\": 2}, \"d\": 3}", "{\"a\": {\"b\": 5, \"c\": 2}, \"d\": 3}",
          {STR("a.b"), ASSIGN_SET, value_int(5)});
    AFTER("{\"a\": {\"b\": {\"c\": 1, \"d\": 2}}}", "{\"a\": {\"b\": {\"d\": 3}, \"e\": true}}",
          {STR("a.b.c"), ASSIGN_UNSET, value_null()}, {STR("a.b.d"), ASSIGN_INC, value_int(1)},
          {STR("a.e"), ASSIGN_SET, value_bool(true)});
    AFTER("{\"a\": {\"b\": 1}}", "{\"a\": {}}", {STR("a.b"), ASSIGN_UNSET, value_null()});
    /* Parents are made where they are missing, but not to take something away. */
    AFTER("{}", "{\"a\": {\"b\": {\"c\": 1, \"d\": 2}}}", {STR("a.b.c"), ASSIGN_SET, value_int(1)},
          {STR("a.b.d"), ASSIGN_SET, value_int(2)});
    AFTER("{\"x\": 1}", "{\"x\": 1}", {STR("a.b.c"), ASSIGN_UNSET, value_null()});
    /* "a" is no prefix of "ab". */
    AFTER("{\"ab\": {\"c\": 1}}", "{\"ab\": {\"c\": 1}, \"a\": {\"c\": 2}}",
          {STR("a.c"), ASSIGN_SET, value_int(2)});
    /* A parent that is no document. */
    AFTER("{\"a\": 5}", NULL, {STR("a.b"), ASSIGN_SET, value_int(1)});
    AFTER("{\"a\": null}", NULL, {STR("a.b"), ASSIGN_SET, value_int(1)});
    AFTER("{\"a\": [{\"b\": 1}]}", NULL, {STR("a.b"), ASSIGN_SET, value_int(2)});
}

/* MongoDB adds new fields by their names, others as they are told. */
static void test_new_fields_out_of_order_are_left_to_the_server(void **state)
{
    (void)state;
    AFTER("{}", "{\"a\": 1, \"b\": 2}", {STR("a"), ASSIGN_SET, value_int(1)},
          {STR("b"), ASSIGN_INC, value_int(2)});
    AFTER("{}", NULL, {STR("b"), ASSIGN_SET, value_int(1)}, {STR("a"), ASSIGN_SET, value_int(2)});
    AFTER("{}", NULL, {STR("a"), ASSIGN_INC, value_int(1)}, {STR("b"), ASSIGN_SET, value_int(2)});
    AFTER("{\"b\": 7}", "{\"b\": 1, \"a\": 2}", {STR("b"), ASSIGN_SET, value_int(1)},
          {STR("a"), ASSIGN_SET, value_int(2)});
    AFTER("{\"n\": {}}", NULL, {STR("n.b"), ASSIGN_SET, value_int(1)},
          {STR("n.a"), ASSIGN_SET, value_int(2)});
}

static void test_others(void **state)
{
    (void)state;
    AFTER("{\"a\": 1}", "{\"a\": 1}", {STR("a"), ASSIGN_SET_ON_INSERT, value_int(2)},
          {STR("b"), ASSIGN_SET_ON_INSERT, value_int(2)});
    AFTER("{\"a\": 1}", NULL, {STR("a"), ASSIGN_NOW, value_null()});
    AFTER("{}", NULL, {STR("a"), ASSIGN_NOW, value_null()});
}

static void test_malformed(void **state)
{
    const struct assignment change = {STR("b"), ASSIGN_SET, value_bool(true)};
    bson_t *document = BCON_NEW("a", BCON_UTF8("text"));
    struct buf bytes = BUF_INIT(64);

    (void)state;
    for (size_t i = 0; i < document->len; i++) {
        bson_t after = BSON_INITIALIZER;
        assert_false(
            bson_update(&after, str_make((const char *)bson_get_data(document), i), &change, 1));
        bson_destroy(&after);
    }
    buf_append(&bytes, bson_get_data(document), document->len);
    bytes.ptr[7] = 127; /* the string's length */
    {
        bson_t after = BSON_INITIALIZER;
        assert_false(bson_update(&after, buf_view(&bytes), &change, 1));
        bson_destroy(&after);
    }
    buf_free(&bytes);
    bson_destroy(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_and_unset),
        cmocka_unit_test(test_increase),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_new_fields_out_of_order_are_left_to_the_server),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
