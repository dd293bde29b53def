/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"

static void test_cap_appends_nothing_and_stays_in_error(void **state)
{
    struct buf buf = BUF_INIT(4);

    (void)state;
    buf_literal(&buf, "abc");
    buf_literal(&buf, "de");
    assert_int_equal(buf.err, ERR_TOO_LARGE);
    buf_literal(&buf, "f");
    assert_str(buf_view(&buf), "abc");
    buf_reset(&buf);
    buf_literal(&buf, "abcd");
    assert_int_equal(buf.err, ERR_OK);
    buf_free(&buf);
}

static void test_a_format_fails_past_the_cap_and_not_before(void **state)
{
    static const size_t lens[] = {0, 1, 510, 511, 512, 513, 5000};
    char text[5001];

    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct buf buf = BUF_INIT(lens[i] + 1);

        memset(text, 'a' + (int)i, lens[i]);
        text[lens[i]] = '\0';
        buf_printf(&buf, "%s%c", text, '!');
        assert_int_equal(buf.err, ERR_OK);
        assert_int_equal(buf.len, lens[i] + 1);
        assert_memory_equal(buf.ptr, text, lens[i]);
        assert_int_equal(buf.ptr[lens[i]], '!');
        buf_printf(&buf, "%s", "");
        assert_int_equal(buf.err, ERR_OK);
        buf_reset(&buf);
        buf_printf(&buf, "%s%s", text, "!!");
        assert_int_equal(buf.err, ERR_TOO_LARGE);
        assert_int_equal(buf.len, 0);
        buf_free(&buf);
    }
}

static void test_numbers(void **state)
{
    struct buf buf = BUF_INIT(256);

    (void)state;
    buf_uint(&buf, UINT64_MAX);
    buf_char(&buf, ' ');
    buf_int(&buf, INT64_MIN);
    buf_char(&buf, ' ');
    buf_int(&buf, 0);
    assert_str(buf_view(&buf), "18446744073709551615 -9223372036854775808 0");
    buf_free(&buf);
}

static void test_iso_times(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1795453200000, "2026-11-23T17:00:00.000Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };
    char text[CLOCK_ISO_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clock_iso(cases[i].ms, text);
        assert_str(str_make(text, sizeof text), cases[i].text);
    }
}

static void test_arena_keeps_its_first_block(void **state)
{
    char first[64];
    struct arena arena;

    (void)state;
    arena_init(&arena, first, sizeof first);
    char *inside = arena_alloc(&arena, 8);
    assert_true(inside >= first && inside < first + sizeof first);
    memset(arena_alloc(&arena, 10000), 1, 10000);
    assert_str(arena_str(&arena, STR("copy")), "copy");
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 8), inside);
    arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cap_appends_nothing_and_stays_in_error),
        cmocka_unit_test(test_a_format_fails_past_the_cap_and_not_before),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_iso_times),
        cmocka_unit_test(test_arena_keeps_its_first_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
