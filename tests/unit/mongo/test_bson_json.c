/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/idiom.h"
#include "base/random.h"
#include "mongo/bson_json.h"
#include "mongo/driver.h"

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

static const char *json_by(const bson_t *document, const struct shape *by)
{
    buf_reset(&out);
    assert_int_equal(bson_json_write(bson_get_data(document), document->len, by, &out,
                                     by == &shape ? captured : NULL, NULL),
                     ERR_OK);
    buf_char(&out, '\0');
    return out.ptr;
}

static const char *json_of(const bson_t *document)
{
    return json_by(document, &shape);
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
                "{\"a\":false,\"b\":null,\"c\":\"MinKey\"}");
    assert_json(BCON_NEW("a", BCON_DATE_TIME(0), "b", BCON_DATE_TIME(-1)),
                "{\"a\":\"1970-01-01T00:00:00.000Z\",\"b\":\"1969-12-31T23:59:59.999Z\"}");
    assert_json(BCON_NEW("a", BCON_DATE_TIME(1795453200123), "b", BCON_DATE_TIME(1795453201999)),
                "{\"a\":\"2026-11-23T17:00:00.123Z\",\"b\":\"2026-11-23T17:00:01.999Z\"}");
    assert_json(BCON_NEW("a", BCON_DATE_TIME(INT64_MAX), "b", BCON_DATE_TIME(253402300799999)),
                "{\"a\":null,\"b\":\"9999-12-31T23:59:59.999Z\"}");
    assert_json(BCON_NEW("a", BCON_DATE_TIME(INT64_MIN), "b", BCON_DATE_TIME(253402300800000), "c",
                         BCON_DATE_TIME(-62167219200000)),
                "{\"a\":null,\"b\":null,\"c\":\"0000-01-01T00:00:00.000Z\"}");
    assert_json(BCON_NEW("c", "[", "x", BCON_UTF8("y"), BCON_INT32(1), "]"),
                "{\"c\":[\"x\",\"y\",1]}");
    assert_json(BCON_NEW("c", "{", "q\"", "[", "]", "r", "{", "}", "}"),
                "{\"c\":{\"q\\\"\":[],\"r\":{}}}");
}

#define APPEND(document, kind, ...)                                                                \
    do {                                                                                           \
        document = bson_new();                                                                     \
        bson_append_##kind(document, "a", 1, __VA_ARGS__);                                         \
    } while (0)

static bson_t *decimal(const char *text)
{
    bson_decimal128_t value;
    bson_t *document;

    assert_true(bson_decimal128_from_string(text, &value));
    APPEND(document, decimal128, &value);
    return document;
}

static void test_decimals_keep_their_digits(void **state)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"0", "\"0\""},
        {"-0.00", "\"-0.00\""},
        {"1.50", "\"1.50\""},
        {"-12345.678900", "\"-12345.678900\""},
        {"1E+3", "\"1000\""},
        {"0E+30", "\"0\""},
        {"1.5E-7", "\"0.00000015\""},
        {"0E-10", "\"0.0000000000\""},
        {"1.234E+10", "\"12340000000\""},
        {"9999999999999999999999999999999999", "\"9999999999999999999999999999999999\""},
        {"0.1234567890123456789012345678901234", "\"0.1234567890123456789012345678901234\""},
        {"1E+33", "\"1000000000000000000000000000000000\""},
        {"1E+34", "\"1E+34\""},
        {"1E-33", "\"0.000000000000000000000000000000001\""},
        {"1E-34", "\"1E-34\""},
        {"9.99E-6000", "\"9.99E-6000\""},
        {"NaN", "null"},
        {"Infinity", "null"},
        {"-Infinity", "null"},
    };
    char expected[100];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(expected, sizeof expected, "{\"a\":%s}", cases[i].json);
        assert_json(decimal(cases[i].text), expected);
    }
}

static void test_other_types(void **state)
{
    static const uint8_t bytes[] = {0xfb, 0xff, 0xfe, 'a', 'b', 'c', 'd', 'e',
                                    'f',  'g',  'h',  'i', 'j', 'k', 'l', 'm'};
    bson_oid_t oid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
    bson_t *document, *scope = BCON_NEW("x", BCON_INT32(1));

    (void)state;
    for (uint32_t len = 0; len < 5; len++) {
        static const char *const base64[] = {"", "+w==", "+/8=", "+//+", "+//+YQ=="};
        char expected[40];
        snprintf(expected, sizeof expected, "{\"a\":\"%s\"}", base64[len]);
        APPEND(document, binary, BSON_SUBTYPE_BINARY, bytes, len);
        assert_json(document, expected);
        APPEND(document, binary, BSON_SUBTYPE_UUID, bytes, len);
        assert_json(document, expected);
        APPEND(document, binary, BSON_SUBTYPE_BINARY_DEPRECATED, bytes, len);
        assert_json(document, expected);
    }
    APPEND(document, binary, BSON_SUBTYPE_UUID, bytes, 16);
    assert_json(document, "{\"a\":\"fbfffe61-6263-6465-6667-68696a6b6c6d\"}");
    APPEND(document, regex, "^a/\"b", "ix");
    assert_json(document, "{\"a\":\"/^a/\\\"b/ix\"}");
    APPEND(document, code, "f(\"x\")");
    assert_json(document, "{\"a\":\"f(\\\"x\\\")\"}");
    APPEND(document, code_with_scope, "g()", scope);
    assert_json(document, "{\"a\":\"g()\"}");
    APPEND(document, symbol, "sym", 3);
    assert_json(document, "{\"a\":\"sym\"}");
    APPEND(document, timestamp, 4000000000, 7);
    assert_json(document, "{\"a\":\"4000000000:7\"}");
    APPEND(document, dbpointer, "db.c", &oid);
    assert_json(document, "{\"a\":\"0102030405060708090a0b0c\"}");
    assert_json(BCON_NEW("a", BCON_UNDEFINED, "b", BCON_MAXKEY, "c", BCON_MINKEY),
                "{\"a\":\"undefined\",\"b\":\"MaxKey\",\"c\":\"MinKey\"}");
    assert_json(BCON_NEW("a", BCON_DOUBLE(NAN), "b", BCON_DOUBLE(-INFINITY), "c", BCON_DOUBLE(10)),
                "{\"a\":null,\"b\":null,\"c\":10}");
    bson_destroy(scope);
}

/* {a: {x, y}, b: [{x, y}]}, of which x is shown. */
static void test_inner_shapes(void **state)
{
    static const struct shape_field inner_fields[] = {{.name = STR_INIT("x")},
                                                      {.name = STR_INIT("h"), .hidden = true}};
    static const struct shape inner = SHAPE(inner_fields);
    static const struct shape_field outer_fields[] = {{.name = STR_INIT("a"), .inner = &inner},
                                                      {.name = STR_INIT("b"), .inner = &inner}};
    static const struct shape closed = SHAPE(outer_fields);
    static const struct shape open = {.fields = outer_fields, .count = 2, .open = true};
    static const struct {
        const char *document, *closed, *open;
    } cases[] = {
        {"{\"a\":{\"y\":1,\"x\":2,\"h\":3}}", "{\"a\":{\"x\":2}}", "{\"a\":{\"x\":2}}"},
        {"{\"b\":[{\"x\":1},{\"y\":2},5,[{\"x\":3,\"y\":4}]],\"c\":{\"y\":[]}}",
         "{\"b\":[{\"x\":1},{},5,[{\"x\":3}]]}",
         "{\"b\":[{\"x\":1},{},5,[{\"x\":3}]],\"c\":{\"y\":[]}}"},
        {"{\"a\":\"text\",\"b\":null}", "{\"a\":\"text\",\"b\":null}",
         "{\"a\":\"text\",\"b\":null}"},
        {"{\"q\\\"\":{\"\\u00e4\":1}}", "{}", "{\"q\\\"\":{\"\xc3\xa4\":1}}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        bson_t *document = bson_new_from_json((const uint8_t *)cases[i].document, -1, NULL);
        assert_non_null(document);
        assert_string_equal(json_by(document, &closed), cases[i].closed);
        assert_string_equal(json_by(document, &open), cases[i].open);
        bson_destroy(document);
    }
}

enum { MANY = 260 };

/* The order of the fields is the document's, and no matter to what is found. */
static void test_many_fields_in_any_order(void **state)
{
    static struct shape_field many[MANY];
    static char names[MANY][8];
    struct shape of_many = {.fields = many, .count = MANY};
    json_t *seen;

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        many[i].name = str_make(names[i], (size_t)snprintf(names[i], sizeof names[i], "f%zu", i));
    for (size_t step = 1; step < 8; step += 2) {
        bson_t *document = bson_new();
        for (size_t i = 0; i < MANY; i++) {
            size_t at = step == 1 ? MANY - 1 - i : i * (step * 10 + 1) % MANY;
            bson_append_int32(document, names[at], -1, (int32_t)at);
            bson_append_int32(document, "none", -1, 0);
        }
        seen = json_loads(json_by(document, &of_many), 0, NULL);
        assert_int_equal(json_object_size(seen), MANY);
        for (size_t i = 0; i < MANY; i++)
            assert_int_equal(json_integer_value(json_object_get(seen, names[i])), i);
        json_decref(seen);
        bson_destroy(document);
    }
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
    assert_int_equal(captured[2].type, VALUE_RAW);
    assert_int_equal(captured[2].raw.kind, BSON_TYPE_ARRAY);
    assert_int_equal(captured[3].type, VALUE_INT);
    assert_int_equal(captured[3].integer, 12);

    arena_init(&arena, NULL, 0);
    assert_int_equal(
        bson_json_write(bson_get_data(document), document->len, &shape, NULL, captured, &arena),
        ERR_OK);
    bson_destroy(document);
    assert_str(captured[1].string, "text");
    assert_int_equal(captured[2].type, VALUE_LIST);
    assert_int_equal(captured[2].list.count, 3);
    assert_int_equal(captured[2].list.items[1].integer, 5);
    assert_str(captured[2].list.items[2].string, "yy");
    arena_reset(&arena);
}

static void test_captures_of_other_types(void **state)
{
    static const uint8_t uuid[16] = {1, 2, 3};
    bson_t *document = BCON_NEW("a", "{", "x", "[", BCON_INT64(5), "]", "}");
    struct arena arena;

    (void)state;
    bson_append_binary(document, "b", 1, BSON_SUBTYPE_UUID, uuid, sizeof uuid);
    bson_append_regex(document, "version", -1, "ab", "i");
    arena_init(&arena, NULL, 0);
    assert_int_equal(
        bson_json_write(bson_get_data(document), document->len, &shape, NULL, captured, &arena),
        ERR_OK);
    bson_destroy(document);
    assert_int_equal(captured[1].type, VALUE_OBJECT);
    assert_str(captured[1].object.members[0].name, "x");
    assert_int_equal(captured[1].object.members[0].value.list.items[0].integer, 5);
    assert_int_equal(captured[2].type, VALUE_UUID);
    assert_memory_equal(captured[2].uuid, uuid, sizeof uuid);
    assert_int_equal(captured[3].type, VALUE_RAW);
    assert_int_equal(captured[3].raw.kind, 0x0b);
    assert_int_equal(captured[3].raw.bytes.len, 5);
    assert_memory_equal(captured[3].raw.bytes.ptr, "ab\0i", 5);
    document = decimal("12.50");
    assert_int_equal(
        bson_json_write(bson_get_data(document), document->len, &shape, NULL, captured, &arena),
        ERR_OK);
    bson_destroy(document);
    assert_int_equal(captured[1].type, VALUE_DECIMAL);
    assert_str(captured[1].string, "12.50");
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

static void random_decimal(bson_t *to, const char *key)
{
    bson_decimal128_t value;
    char text[64];

    snprintf(text, sizeof text, "%s%llu.%lluE%d", random_u64() % 2 ? "-" : "",
             (unsigned long long)(random_u64() >> random_u64() % 64),
             (unsigned long long)(random_u64() % 1000), (int)(random_u64() % 61) - 30);
    if (!bson_decimal128_from_string(text, &value))
        bson_decimal128_from_string(random_u64() % 2 ? "NaN" : "-Infinity", &value);
    bson_append_decimal128(to, key, -1, &value);
}

static void random_binary(bson_t *to, const char *key)
{
    static const bson_subtype_t subtypes[] = {BSON_SUBTYPE_BINARY, BSON_SUBTYPE_UUID,
                                              BSON_SUBTYPE_BINARY_DEPRECATED, BSON_SUBTYPE_USER,
                                              BSON_SUBTYPE_UUID_DEPRECATED};
    uint8_t bytes[32];
    bson_subtype_t subtype = subtypes[random_u64() % COUNT(subtypes)];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)random_u64();
    bson_append_binary(to, key, -1, subtype, bytes,
                       random_u64() % 2 ? 16 : (uint32_t)(random_u64() % sizeof bytes));
}

static void random_odd(bson_t *to, const char *key)
{
    bson_oid_t oid;
    bson_t *scope;

    bson_oid_init(&oid, NULL);
    switch (random_u64() % 12) {
    case 0: random_decimal(to, key); break;
    case 1: random_binary(to, key); break;
    case 2: bson_append_undefined(to, key, -1); break;
    case 3: bson_append_oid(to, key, -1, &oid); break;
    case 4:
        bson_append_date_time(to, key, -1, (int64_t)random_u64() >> (random_u64() % 2 ? 15 : 22));
        break;
    case 5: bson_append_regex(to, key, -1, "^a\\/\"\xc3\xa4", random_u64() % 2 ? "ix" : ""); break;
    case 6: bson_append_dbpointer(to, key, -1, "db.c", &oid); break;
    case 7: bson_append_code(to, key, -1, "f(\"x\");\n"); break;
    case 8: bson_append_symbol(to, key, -1, "sym\t", 4); break;
    case 9:
        scope = BCON_NEW("x", BCON_INT32(1));
        bson_append_code_with_scope(to, key, -1, "g()", scope);
        bson_destroy(scope);
        break;
    case 10:
        bson_append_timestamp(to, key, -1, (uint32_t)random_u64(), (uint32_t)random_u64());
        break;
    default:
        if (random_u64() % 2)
            bson_append_maxkey(to, key, -1);
        else
            bson_append_minkey(to, key, -1);
    }
}

static void random_value(bson_t *to, const char *key, unsigned depth)
{
    bson_t inner;

    switch (random_u64() % (depth < 4 ? 9 : 7)) {
    case 0: random_text(to, key); break;
    case 1: bson_append_int32(to, key, -1, (int32_t)random_u64()); break;
    case 2: bson_append_int64(to, key, -1, (int64_t)random_u64() >> random_u64() % 60); break;
    case 3: bson_append_bool(to, key, -1, random_u64() % 2); break;
    case 4: bson_append_null(to, key, -1); break;
    case 5:
        bson_append_double(to, key, -1, (double)(random_u64() % 1000000) / 1000 + 0.0005);
        break;
    case 6: random_odd(to, key); break;
    case 7:
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

/* --- What the library's extended JSON means, by the table of bson_json.h --- */

static json_t *text_json(const char *format, ...) __attribute__((format(printf, 1, 2)));
static json_t *text_json(const char *format, ...)
{
    char text[200];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return json_string(text);
}

static const char *text_at(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

static json_t *map_decimal(const char *text)
{
    /* That plain and scientific notation mean the same is compared as numbers, below. */
    return strchr("yN", text[strlen(text) - 1]) != NULL ? json_null() : json_string(text);
}

static json_t *map_binary(const json_t *binary)
{
    const char *base64 = text_at(binary, "base64");
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char bytes[64];
    char hex[33];
    size_t len = 0;
    unsigned bits = 0, count = 0;

    for (const char *c = base64; *c != '\0' && *c != '='; c++) {
        bits = bits << 6 | (unsigned)(strchr(letters, *c) - letters);
        count += 6;
        if (count >= 8)
            bytes[len++] = (unsigned char)(bits >> (count -= 8));
    }
    if (strcmp(text_at(binary, "subType"), "04") != 0 || len != 16)
        return json_string(base64);
    hex_encode(bytes, len, hex);
    return text_json("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static json_t *map_date(const json_t *date)
{
    json_int_t ms = strtoll(json_is_string(date) ? "0" : text_at(date, "$numberLong"), NULL, 10);
    char text[CLOCK_ISO_SIZE];

    if (json_is_string(date)) {
        /* The library leaves the milliseconds out where they are 0. */
        const char *iso = json_string_value(date);
        return iso[4] != '-'       ? json_null()
               : strlen(iso) == 24 ? json_string(iso)
                                   : text_json("%.19s.000Z", iso);
    }
    if (ms < CLOCK_FIRST_MS || ms > CLOCK_LAST_MS)
        return json_null();
    clock_iso(ms, text);
    return json_stringn(text, sizeof text);
}

static json_t *map_special(const json_t *json)
{
    json_t *inner = json_object_get(json, "$timestamp");

    if (json_object_get(json, "$numberDecimal") != NULL)
        return map_decimal(text_at(json, "$numberDecimal"));
    if (json_object_get(json, "$binary") != NULL)
        return map_binary(json_object_get(json, "$binary"));
    if (json_object_get(json, "$date") != NULL)
        return map_date(json_object_get(json, "$date"));
    if (inner != NULL)
        return text_json("%lld:%lld", (long long)json_integer_value(json_object_get(inner, "t")),
                         (long long)json_integer_value(json_object_get(inner, "i")));
    if (json_object_get(json, "$regularExpression") != NULL) {
        inner = json_object_get(json, "$regularExpression");
        return text_json("/%s/%s", text_at(inner, "pattern"), text_at(inner, "options"));
    }
    if (json_object_get(json, "$dbPointer") != NULL)
        return json_string(
            text_at(json_object_get(json_object_get(json, "$dbPointer"), "$id"), "$oid"));
    for (const char *const *name =
             (const char *const[]){"$oid", "$code", "$symbol", "$numberDouble", NULL};
         *name != NULL; name++)
        if (json_object_get(json, *name) != NULL)
            return strcmp(*name, "$numberDouble") == 0 ? json_null()
                                                       : json_string(text_at(json, *name));
    return json_object_get(json, "$undefined") != NULL ? json_string("undefined")
           : json_object_get(json, "$maxKey") != NULL  ? json_string("MaxKey")
           : json_object_get(json, "$minKey") != NULL  ? json_string("MinKey")
                                                       : NULL;
}

static json_t *map(json_t *json)
{
    json_t *mapped = json_is_object(json) ? map_special(json) : NULL, *value;
    const char *name;
    size_t i;

    if (mapped != NULL)
        return mapped;
    if (json_is_object(json)) {
        mapped = json_object();
        json_object_foreach(json, name, value) json_object_set_new(mapped, name, map(value));
        return mapped;
    }
    if (json_is_array(json)) {
        mapped = json_array();
        json_array_foreach(json, i, value) json_array_append_new(mapped, map(value));
        return mapped;
    }
    return json_incref(json);
}

/* Decimals in two notations are equal when the library reads the same number with the same digits,
 * zeros of 1E+3 aside. */
static bool same_decimal(const json_t *ours, const json_t *theirs)
{
    const char *a = json_string_value(ours), *b = json_string_value(theirs);

    return a != NULL && b != NULL && strchr(b, 'E') != NULL && strtold(a, NULL) == strtold(b, NULL);
}

static void assert_same(json_t *ours, json_t *theirs)
{
    json_t *value;
    const char *name;
    size_t i;

    assert_non_null(ours);
    if (json_is_object(theirs)) {
        assert_int_equal(json_object_size(ours), json_object_size(theirs));
        json_object_foreach(theirs, name, value) assert_same(json_object_get(ours, name), value);
    } else if (json_is_array(theirs)) {
        assert_int_equal(json_array_size(ours), json_array_size(theirs));
        json_array_foreach(theirs, i, value) assert_same(json_array_get(ours, i), value);
    } else {
        if (!json_equal(ours, theirs) && !same_decimal(ours, theirs))
            fail_msg("%s is not %s", json_dumps(ours, JSON_ENCODE_ANY),
                     json_dumps(theirs, JSON_ENCODE_ANY));
    }
}

/* The library's own writer and ours must mean the same. */
static void test_against_library(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        bson_t document = BSON_INITIALIZER;
        json_t *ours, *theirs, *mapped;
        char *text;
        random_value(&document, "a", 0);
        random_value(&document, "c", 0);
        random_value(&document, "b", 0);
        ours = json_loads(json_of(&document), JSON_ALLOW_NUL, NULL);
        text = bson_as_relaxed_extended_json(&document, NULL);
        theirs = json_loads(text, JSON_DECODE_ANY, NULL);
        mapped = map(theirs);
        assert_same(ours, mapped);
        json_decref(mapped);
        json_decref(ours);
        json_decref(theirs);
        bson_free(text);
        bson_destroy(&document);
    }
}

static void write_both(const uint8_t *bytes, size_t len)
{
    static const struct shape open = {.fields = all_fields, .count = 2, .open = true};
    struct arena arena;

    arena_init(&arena, NULL, 0);
    buf_reset(&out);
    (void)bson_json_write(bytes, len, &shape, &out, captured, &arena);
    buf_reset(&out);
    (void)bson_json_write(bytes, len, &open, &out, captured, NULL);
    (void)bson_json_write(bytes, len, &shape, NULL, captured, NULL);
    arena_reset(&arena);
}

/* Bytes that lie, at every place and in every bit: never read beyond them, whatever they say. */
static void test_hostile(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        bson_t document = BSON_INITIALIZER;
        uint8_t *bytes;
        size_t len;
        random_value(&document, "a", 2);
        random_odd(&document, "b");
        random_odd(&document, "c");
        random_odd(&document, "version");
        len = document.len;
        for (size_t cut = 0; cut < len; cut++) {
            bytes = malloc(cut + 1);
            memcpy(bytes, bson_get_data(&document), cut);
            buf_reset(&out);
            assert_int_equal(bson_json_write(bytes, cut, &shape, &out, captured, NULL),
                             ERR_PROTOCOL);
            if (cut >= 5) { /* one whose length fits */
                bytes[0] = (uint8_t)cut;
                bytes[1] = (uint8_t)(cut >> 8);
                bytes[cut - 1] = 0;
                write_both(bytes, cut);
            }
            free(bytes);
        }
        bytes = malloc(len);
        for (size_t bit = 32; bit < 8 * len; bit++) {
            memcpy(bytes, bson_get_data(&document), len);
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            write_both(bytes, len);
        }
        free(bytes);
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
    for (int i = 0; i < 101; i++) {
        if (i == 100) {
            assert_null(strstr(json_of(inner), "null"));
            assert_non_null(strstr(json_of(inner), "{\"x\":1}"));
        }
        outer = bson_new();
        bson_append_document(outer, "a", 1, inner);
        bson_destroy(inner);
        inner = outer;
    }
    assert_non_null(strstr(json_of(inner), "null"));
    bson_destroy(inner);
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
        cmocka_unit_test(test_decimals_keep_their_digits),
        cmocka_unit_test(test_other_types),
        cmocka_unit_test(test_inner_shapes),
        cmocka_unit_test(test_many_fields_in_any_order),
        cmocka_unit_test(test_captures_of_other_types),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_captures),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_against_library),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_cap),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
