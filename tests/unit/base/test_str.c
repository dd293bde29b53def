/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

static void test_uint_takes_digits_within_the_range_only(void **state)
{
    static const struct {
        struct str text;
        enum err err;
        uint64_t value;
    } cases[] = {
        {STR_INIT("0"), ERR_RANGE, 0},   {STR_INIT("1"), ERR_OK, 1},
        {STR_INIT("100"), ERR_OK, 100},  {STR_INIT("101"), ERR_RANGE, 0},
        {STR_INIT("007"), ERR_OK, 7},    {STR_INIT(""), ERR_SYNTAX, 0},
        {STR_INIT("+1"), ERR_SYNTAX, 0}, {STR_INIT("-1"), ERR_SYNTAX, 0},
        {STR_INIT("1 "), ERR_SYNTAX, 0}, {STR_INIT("18446744073709551616"), ERR_RANGE, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 0;
        assert_int_equal(str_uint(cases[i].text, 1, 100, &value), cases[i].err);
        assert_int_equal(value, cases[i].value);
    }
}

static void test_int_reaches_both_ends(void **state)
{
    int64_t value;

    (void)state;
    assert_int_equal(str_int(STR("-9223372036854775808"), INT64_MIN, INT64_MAX, &value), ERR_OK);
    assert_true(value == INT64_MIN);
    assert_int_equal(str_int(STR("9223372036854775807"), INT64_MIN, INT64_MAX, &value), ERR_OK);
    assert_true(value == INT64_MAX);
    assert_int_equal(str_int(STR("9223372036854775808"), INT64_MIN, INT64_MAX, &value), ERR_RANGE);
    assert_int_equal(str_int(STR("-"), INT64_MIN, INT64_MAX, &value), ERR_SYNTAX);
}

static void test_double_follows_the_grammar_of_json(void **state)
{
    static const char *const good[] = {"10", "10.0", "1e1", "1E+1", "100e-1"};
    static const char *const bad[] = {"", "-", ".5", "5.", "01", "1e", "0x10", "nan", "inf", "1 "};
    double value;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(str_double(str_from(good[i]), 0, 100, &value), ERR_OK);
        assert_true(value == 10);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(str_double(str_from(bad[i]), 0, 100, &value), ERR_SYNTAX);
    assert_int_equal(str_double(STR("1e999"), 0, 100, &value), ERR_RANGE);
    assert_int_equal(str_double(STR("-1"), 0, 100, &value), ERR_RANGE);
}

static void test_size_knows_units(void **state)
{
    uint64_t value;

    (void)state;
    assert_int_equal(str_size(STR("64MiB"), 0, UINT64_MAX, &value), ERR_OK);
    assert_int_equal(value, 64 << 20);
    assert_int_equal(str_size(STR("64 k"), 0, UINT64_MAX, &value), ERR_OK);
    assert_int_equal(value, 64 << 10);
    assert_int_equal(str_size(STR("0"), 0, UINT64_MAX, &value), ERR_OK);
    assert_int_equal(value, 0);
    assert_int_equal(str_size(STR("1t"), 0, UINT64_MAX, &value), ERR_SYNTAX);
    assert_int_equal(str_size(STR("99999999999g"), 0, UINT64_MAX, &value), ERR_RANGE);
}

static void test_utf8_refuses_what_the_standard_refuses(void **state)
{
    static const char *const good[] = {"",
                                       "abc",
                                       "\xc3\xa9",
                                       "\xe2\x82\xac",
                                       "\xf0\x9f\x98\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "\xed\x9f\xbf"};
    static const char *const bad[] = {
        "\x80",         "\xc0\x80",         "\xc1\xbf",         "\xe0\x80\x80",
        "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xc3",         "\xe2\x82"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(str_is_utf8(str_from(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(str_is_utf8(str_from(bad[i])));
    assert_int_equal(str_utf8_len(STR("a\xc3\xa9\xe2\x82z")), 3);
    assert_int_equal(str_chars(STR("a\xc3\xa9\xf0\x9f\x98\x80")), 3);
}

static void test_split_gives_every_part_once(void **state)
{
    struct str rest = STR("a,,b,"), part;

    (void)state;
    assert_true(str_split(&rest, ',', &part));
    assert_str(part, "a");
    assert_true(str_split(&rest, ',', &part));
    assert_str(part, "");
    assert_true(str_split(&rest, ',', &part));
    assert_str(part, "b");
    assert_true(str_split(&rest, ',', &part));
    assert_str(part, "");
    assert_false(str_split(&rest, ',', &part));
}

static void test_hex_goes_there_and_back(void **state)
{
    unsigned char bytes[2];
    char text[4];

    (void)state;
    assert_int_equal(hex_decode(STR("aF09"), bytes, 2), ERR_OK);
    hex_encode(bytes, 2, text);
    assert_str(str_make(text, 4), "af09");
    assert_int_equal(hex_decode(STR("aF0"), bytes, 2), ERR_SYNTAX);
    assert_int_equal(hex_decode(STR("aF0g"), bytes, 2), ERR_SYNTAX);
}

/* RFC 4648 section 10, without padding. */
static void test_base64url_goes_there_and_back(void **state)
{
    static const struct {
        struct str bytes, text;
    } known[] = {
        {STR_INIT(""), STR_INIT("")},
        {STR_INIT("f"), STR_INIT("Zg")},
        {STR_INIT("fo"), STR_INIT("Zm8")},
        {STR_INIT("foo"), STR_INIT("Zm9v")},
        {STR_INIT("foobar"), STR_INIT("Zm9vYmFy")},
        {STR_INIT("\xff\xfe\xfb"), STR_INIT("__77")},
    };
    static const struct str wrong[] = {STR_INIT("Z"),     STR_INIT("Zh"), STR_INIT("Zm9"),
                                       STR_INIT("Zg=="),  STR_INIT("+/"), STR_INIT("Zm9vY"),
                                       STR_INIT("Zm 9v"), STR_INIT("\0A")};
    char room[16];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct str bytes = known[i].bytes, text = known[i].text;
        assert_int_equal(BASE64_SIZE(bytes.len), text.len);
        base64url_encode(bytes.ptr, bytes.len, room);
        assert_memory_equal(room, text.ptr, text.len);
        assert_int_equal(base64url_decode(text, room, &len), ERR_OK);
        assert_int_equal(len, bytes.len);
        assert_memory_equal(room, bytes.ptr, bytes.len);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(base64url_decode(wrong[i], room, &len), ERR_SYNTAX);
}

static void test_decimal_reaches_both_ends(void **state)
{
    char room[DECIMAL_MAX];

    (void)state;
    assert_true(str_eq(str_decimal(0, room), STR("0")));
    assert_true(str_eq(str_decimal(1090, room), STR("1090")));
    assert_true(str_eq(str_decimal(UINT64_MAX, room), STR("18446744073709551615")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uint_takes_digits_within_the_range_only),
        cmocka_unit_test(test_int_reaches_both_ends),
        cmocka_unit_test(test_double_follows_the_grammar_of_json),
        cmocka_unit_test(test_size_knows_units),
        cmocka_unit_test(test_utf8_refuses_what_the_standard_refuses),
        cmocka_unit_test(test_split_gives_every_part_once),
        cmocka_unit_test(test_hex_goes_there_and_back),
        cmocka_unit_test(test_base64url_goes_there_and_back),
        cmocka_unit_test(test_decimal_reaches_both_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
