/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json_writer.h"
#include "base/random.h"

static struct buf out = BUF_INIT(1024);

static struct str string(struct str s)
{
    buf_reset(&out);
    json_put_string(&out, s);
    assert_int_equal(out.err, ERR_OK);
    return buf_view(&out);
}

static const char *number(double value)
{
    buf_reset(&out);
    json_put_double(&out, value);
    buf_char(&out, '\0');
    return out.ptr;
}

static void test_strings_are_escaped(void **state)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"\"\\/", "\"\\\"\\\\/\""},
        {"\b\f\n\r\t\x01\v\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u000b\\u001f\x7f\""},
        {"sixteen bytes...\n sixteen bytes..", "\"sixteen bytes...\\n sixteen bytes..\""},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_str(string(str_from(cases[i].text)), cases[i].json);
    assert_str(string(str_make("a\0b", 3)), "\"a\\u0000b\"");
}

#define U_FFFD "\xef\xbf\xbd"

static void test_only_invalid_bytes_are_replaced(void **state)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"\xff", "\"" U_FFFD "\""},
        {"\"\xff\n", "\"\\\"" U_FFFD "\\n\""},
        {"\xc0\xaf", "\"" U_FFFD U_FFFD "\""},
        {"\xed\xa0\x80", "\"" U_FFFD U_FFFD U_FFFD "\""},
        {"\xf4\x90\x80\x80", "\"" U_FFFD U_FFFD U_FFFD U_FFFD "\""},
        {"\xc3\xa9\xff\xe2\x82\xac", "\"\xc3\xa9" U_FFFD "\xe2\x82\xac\""},
        {"\xe2\x82\xf0\x9f\x98\x80", "\"" U_FFFD U_FFFD "\xf0\x9f\x98\x80\""},
        {"end\xe2\x82", "\"end" U_FFFD U_FFFD "\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_str(string(str_from(cases[i].text)), cases[i].json);
}

static void test_numbers(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {10.0, "10"},
        {19.99, "19.99"},
        {-0.0, "-0.0"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {0.000001, "0.000001"},
        {1e-7, "1e-07"},
        {123456.789012, "123456.789012"},
        {999999999.99, "999999999.99"},
        {1e15, "1e+15"},
        {9007199254740993.0, "9007199254740992"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5e-324, "4.94065645841247e-324"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(number(cases[i].value), cases[i].text);
    for (int i = 0; i < 200000; i++) {
        double value = (double)(int64_t)random_u64() / pow(10, (double)(random_u64() % 25));
        uint64_t bits = random_u64();
        if (i % 2 == 0)
            memcpy(&value, &bits, sizeof value);
        if (i % 5 == 0)
            value = (double)(int64_t)(random_u64() % 100000000) / 100;
        if (isfinite(value))
            assert_true(strtod(number(value), NULL) == value);
    }
}

static void test_the_cap_holds(void **state)
{
    static const char text[200] = "";
    struct buf small = BUF_INIT(300);

    (void)state;
    buf_literal(&small, "[");
    json_put_string(&small, STR("kept"));
    json_put_string(&small, str_make(text, sizeof text));
    assert_int_equal(small.err, ERR_TOO_LARGE);
    assert_true(small.len <= 300);
    json_put_string(&small, STR("late"));
    assert_memory_equal(small.ptr, "[\"kept\"", 7);
    assert_int_equal(small.err, ERR_TOO_LARGE);
    buf_free(&small);
}

static int teardown(void **state)
{
    (void)state;
    buf_free(&out);
    return 0;
}

/* Names of all lengths, with what must be escaped at each place, and with nothing behind them. */
static void test_members(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 40; len++)
        for (size_t at = 0; at <= len; at++) {
            char *name = malloc(len + 1), expected[100];
            struct buf to = BUF_INIT(1024);
            struct json_writer writer;
            memset(name, 'n', len);
            if (at < len)
                name[at] = '"';
            snprintf(expected, sizeof expected, ",\"%.*s%s%.*s\":", (int)at, name,
                     at < len ? "\\\"" : "", (int)(at < len ? len - at - 1 : 0), name + at + 1);
            for (size_t more = 0; more <= 1; more++) {
                buf_reset(&to);
                json_writer_begin(&writer, &to);
                json_writer_member(&writer, ',', name, len, len + more);
                json_writer_end(&writer);
                assert_str(buf_view(&to), expected);
            }
            free(name);
            buf_free(&to);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings_are_escaped),
        cmocka_unit_test(test_only_invalid_bytes_are_replaced),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_the_cap_holds),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
