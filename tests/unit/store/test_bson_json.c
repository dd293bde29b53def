/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "store/bson_json.h"
#include "store/driver.h"

enum { OUT_MAX = 1 << 20, ROUNDS = 3000 };

/* What a shape of these names makes of the document. */
static const struct shape_field all_fields[] = {
    {.name = STR_INIT("_id")},
    {.name = STR_INIT("a"), .capture = true},
    {.name = STR_INIT("b"), .capture = true},
    {.name = STR_INIT("version"), .hidden = true, .capture = true},
    {.name = STR_INIT("c")},
};
static const struct shape shape = SHAPE(all_fields);

static struct buf out = BUF_INIT(OUT_MAX);
static struct value captured[5];

static const char *json_of(const bson_t *document)
{
    buf_reset(&out);
    assert_int_equal(
        bson_json_write(bson_get_data(document), document->len, &shape, &out, captured, NULL),
        ERR_OK);
    buf_char(&out, '\0');
    return out.ptr;
}

static void assert_json(bson_t *document, const char *expected)
{
    assert_string_equal(json_of(document), expected);
    bson_destroy(document);
}

static void test_types(void **state)
{
    bson_oid_t oid;

    (void)state;
    bson_oid_init_from_string(&oid, "0123456789abcdefABCDEF00");
    assert_json(BCON_NEW("_id", BCON_OID(&oid)), "{\"_id\":\"0123456789abcdefabcdef00\"}");
    assert_json(bson_new(), "{}");
    assert_json(BCON_NEW("x", BCON_INT32(1)), "{}");
    assert_json(BCON_NEW("b", BCON_INT32(-7), "x", BCON_NULL, "a", BCON_BOOL(true)),
                "{\"b\":-7,\"a\":true}");
    assert_json(BCON_NEW("a", BCON_INT64(INT64_MIN), "b", BCON_INT64(INT64_MAX)),
                "{\"a\":-9223372036854775808,\"b\":9223372036854775807}");
    assert_json(BCON_NEW("a", BCON_BOOL(false), "b", BCON_NULL, "c", BCON_MINKEY),
                "{\"a\":false,\"b\":null,\"c\":null}");
    assert_json(BCON_NEW("a", BCON_DATE_TIME(0), "b", BCON_DATE_TIME(-1)),
                "{\"a\":\"1970-01-01T00:00:00.000Z\",\"b\":\"1969-12-31T23:59:59.999Z\"}");
    assert_json(BCON_NEW("a", BCON_DATE_TIME(1795453200123), "b", BCON_DATE_TIME(1795453201999)),
                "{\"a\":\"2026-11-23T17:00:00.123Z\",\"b\":\"2026-11-23T17:00:01.999Z\"}");
    assert_json(BCON_NEW("a", BCON_DATE_TIME(INT64_MAX), "b", BCON_DATE_TIME(253402300799999)),
                "{\"a\":\"9999-12-31T23:59:59.999Z\",\"b\":\"9999-12-31T23:59:59.999Z\"}");
    assert_json(BCON_NEW("c", "[", "x", BCON_UTF8("y"), BCON_INT32(1), "]"),
                "{\"c\":[\"x\",\"y\",1]}");
    assert_json(BCON_NEW("c", "{", "q\"", "[", "]", "r", "{", "}", "}"),
                "{\"c\":{\"q\\\"\":[],\"r\":{}}}");
    assert_json(BCON_NEW("a", BCON_BIN(BSON_SUBTYPE_BINARY, (const uint8_t *)"xy", 2), "b",
                         BCON_REGEX("a", "i"), "c", BCON_TIMESTAMP(1, 2)),
                "{\"a\":null,\"b\":null,\"c\":null}");
}

static void test_captures(void **state)
{
    bson_t *document = BCON_NEW("a", BCON_UTF8("text"), "version", BCON_INT64(12), "b", "[",
                                BCON_UTF8("x"), BCON_INT32(5), BCON_UTF8("yy"), "]");
    struct arena arena;

    (void)state;
    assert_string_equal(json_of(document), "{\"a\":\"text\",\"b\":[\"x\",5,\"yy\"]}");
    assert_int_equal(captured[0].type, VALUE_NONE);
    assert_int_equal(captured[1].type, VALUE_STRING);
    assert_str(captured[1].string, "text");
    assert_int_equal(captured[2].type, VALUE_NONE);
    assert_int_equal(captured[3].type, VALUE_INT);
    assert_int_equal(captured[3].integer, 12);

    arena_init(&arena, NULL, 0);
    assert_int_equal(
        bson_json_write(bson_get_data(document), document->len, &shape, NULL, captured, &arena),
        ERR_OK);
    bson_destroy(document);
    assert_str(captured[1].string, "text");
    assert_int_equal(captured[2].type, VALUE_STRINGS);
    assert_int_equal(captured[2].strings.count, 2);
    assert_str(captured[2].strings.items[1], "yy");
    arena_reset(&arena);
}

static void random_text(bson_t *to, const char *key)
{
    static const char *const parts[] = {
        "a", "word ", "\"", "\\", "\n", "\x01", "ä", "€", "\xf0\x9f\x98\x80", "longer than sixteen",
        "/"};
    char text[600] = "";
    size_t count = random_u64() % 25;

    for (size_t i = 0; i < count; i++)
        strcat(text, parts[random_u64() % (sizeof parts / sizeof parts[0])]);
    bson_append_utf8(to, key, -1, text, -1);
}

static void random_value(bson_t *to, const char *key, unsigned depth)
{
    bson_t inner;

    switch (random_u64() % (depth < 4 ? 8 : 6)) {
    case 0: random_text(to, key); break;
    case 1: bson_append_int32(to, key, -1, (int32_t)random_u64()); break;
    case 2: bson_append_int64(to, key, -1, (int64_t)random_u64() >> random_u64() % 60); break;
    case 3: bson_append_bool(to, key, -1, random_u64() % 2); break;
    case 4: bson_append_null(to, key, -1); break;
    case 5:
        bson_append_double(to, key, -1, (double)(random_u64() % 1000000) / 1000 + 0.0005);
        break;
    case 6:
        bson_append_document_begin(to, key, -1, &inner);
        random_value(&inner, "x", depth + 1);
        random_value(&inner, "y\n", depth + 1);
        bson_append_document_end(to, &inner);
        break;
    default:
        bson_append_array_unsafe_begin(to, key, -1, &inner);
        random_value(&inner, "0", depth + 1);
        random_value(&inner, "1", depth + 1);
        bson_append_array_end(to, &inner);
    }
}

/* The library's own writer and ours must mean the same. */
static void test_against_library(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        bson_t document = BSON_INITIALIZER;
        json_t *ours, *theirs;
        char *text;
        random_value(&document, "a", 0);
        random_value(&document, "c", 0);
        random_value(&document, "b", 0);
        ours = json_loads(json_of(&document), 0, NULL);
        text = bson_as_relaxed_extended_json(&document, NULL);
        theirs = json_loads(text, JSON_DECODE_ANY, NULL);
        assert_non_null(ours);
        if (strstr(text, "$number") == NULL)
            assert_true(json_equal(ours, theirs));
        json_decref(ours);
        json_decref(theirs);
        bson_free(text);
        bson_destroy(&document);
    }
}

/* Bytes that lie: never read beyond them, whatever they say. */
static void test_hostile(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        bson_t document = BSON_INITIALIZER;
        uint8_t *bytes;
        size_t len;
        struct arena arena;
        random_value(&document, "a", 0);
        random_value(&document, "b", 0);
        bson_append_binary(&document, "c", 1, BSON_SUBTYPE_BINARY, (const uint8_t *)"xyz", 3);
        bson_append_regex(&document, "version", -1, "ab", "i");
        len = document.len;
        arena_init(&arena, NULL, 0);
        for (size_t cut = 0; cut < len; cut += 1 + random_u64() % 7) {
            bytes = malloc(cut + 1);
            memcpy(bytes, bson_get_data(&document), cut);
            buf_reset(&out);
            assert_int_equal(bson_json_write(bytes, cut, &shape, &out, captured, &arena),
                             ERR_PROTOCOL);
            free(bytes);
        }
        bytes = malloc(len);
        for (int flips = 0; flips < 20; flips++) {
            memcpy(bytes, bson_get_data(&document), len);
            for (uint64_t n = 1 + random_u64() % 3; n > 0; n--)
                bytes[4 + random_u64() % (len - 4)] = (uint8_t)(random_u64() >> random_u64() % 56);
            buf_reset(&out);
            bson_json_write(bytes, len, &shape, &out, captured, &arena);
        }
        free(bytes);
        arena_reset(&arena);
        bson_destroy(&document);
    }
}

static void test_cap(void **state)
{
    struct buf small = BUF_INIT(100);
    bson_t *document = BCON_NEW("a", BCON_UTF8("0123456789012345678901234567890123456789"), "b",
                                BCON_UTF8("0123456789012345678901234567890123456789\n\n\n\n\n"));

    (void)state;
    assert_int_equal(
        bson_json_write(bson_get_data(document), document->len, &shape, &small, NULL, NULL),
        ERR_TOO_LARGE);
    assert_true(small.len <= 100);
    buf_free(&small);
    bson_destroy(document);
}

static void test_deep(void **state)
{
    bson_t *inner = BCON_NEW("x", BCON_INT32(1)), *outer;

    (void)state;
    for (int i = 0; i < 40; i++) {
        outer = bson_new();
        bson_append_document(outer, "a", 1, inner);
        bson_destroy(inner);
        inner = outer;
    }
    assert_non_null(strstr(json_of(inner), "null"));
    bson_destroy(inner);
}

static void test_oid(void **state)
{
    struct oid a = oid_new(), b = oid_new(), c;
    char text[OID_HEX_SIZE];

    (void)state;
    assert_memory_not_equal(&a, &b, sizeof a);
    oid_text(&a, text);
    assert_int_equal(oid_parse(str_make(text, sizeof text), &c), ERR_OK);
    assert_memory_equal(&a, &c, sizeof a);
    assert_int_equal(oid_parse(str_make(text, 23), &c), ERR_SYNTAX);
    text[5] = 'g';
    assert_int_equal(oid_parse(str_make(text, sizeof text), &c), ERR_SYNTAX);
}

static int teardown(void **state)
{
    (void)state;
    buf_free(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),   cmocka_unit_test(test_captures),
        cmocka_unit_test(test_deep),    cmocka_unit_test(test_against_library),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_cap),
        cmocka_unit_test(test_oid),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
