/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/fcgi_params.h"

#include <stdio.h>
#include <stdlib.h>

#include "../unit.h"
#include "stream.h"

static struct param params[PARAMS_COUNT_MAX];
static size_t count;

static enum err parse(struct buf *block)
{
    /* An exact copy, so that AddressSanitizer sees a read past the end. */
    char *copy = malloc(block->len + 1);
    enum err err;

    count = 0;
    memcpy(copy, block->ptr, block->len);
    err = fcgi_params_parse(str_make(copy, block->len), params, &count);
    free(copy);
    buf_free(block);
    return err;
}

static enum err parse_pair(struct str name, struct str value)
{
    struct buf block = STREAM;

    pair_add(&block, name, value);
    return parse(&block);
}

static enum err parse_twice(const char *name)
{
    struct buf block = STREAM;

    pair_add(&block, str_from(name), STR("1"));
    pair_add(&block, STR("OTHER"), STR("1"));
    pair_add(&block, str_from(name), STR("1"));
    return parse(&block);
}

static void pairs_are_read_in_order(void **state)
{
    struct buf block = STREAM;
    struct param found[PARAMS_COUNT_MAX];
    size_t n;

    (void)state;
    pair_add(&block, STR("A"), STR(""));
    pair_add(&block, STR("REQUEST_METHOD"), STR("GET"));
    assert_int_equal(fcgi_params_parse(buf_view(&block), found, &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_str(found[0].name, "A");
    assert_str(found[0].value, "");
    assert_str(found[1].value, "GET");
    buf_free(&block);
}

static void nothing_is_no_pairs(void **state)
{
    (void)state;
    assert_int_equal(fcgi_params_parse(STR(""), params, &count), ERR_OK);
    assert_int_equal(count, 0);
}

static void the_long_form_of_a_short_length_is_read(void **state)
{
    struct buf block = STREAM;

    (void)state;
    buf_append(&block, "\x80\0\0\1\x80\0\0\2Aab", 11);
    assert_int_equal(parse(&block), ERR_OK);
    assert_int_equal(params[0].value.len, 2);
}

static void a_pair_cut_anywhere_is_an_error(void **state)
{
    struct buf block = STREAM;
    char value[200];

    (void)state;
    memset(value, 'v', sizeof value);
    pair_add(&block, STR("NAME"), str_make(value, sizeof value));
    for (size_t len = 1; len < block.len; len++) {
        struct buf cut = STREAM;
        buf_append(&cut, block.ptr, len);
        assert_int_equal(parse(&cut), ERR_SYNTAX);
    }
    assert_int_equal(parse(&block), ERR_OK);
}

static void lengths_do_not_overflow(void **state)
{
    struct buf block = STREAM;

    (void)state;
    buf_append(&block,
               "\xff\xff\xff\xff\xff\xff\xff\xff"
               "A",
               9);
    assert_int_equal(parse(&block), ERR_SYNTAX);
}

static void names_and_values_have_caps(void **state)
{
    static char text[PARAMS_VALUE_MAX + 1];

    (void)state;
    memset(text, 'N', sizeof text);
    assert_int_equal(parse_pair(str_make(text, PARAMS_NAME_MAX), STR("")), ERR_OK);
    assert_int_equal(parse_pair(str_make(text, PARAMS_NAME_MAX + 1), STR("")), ERR_TOO_LARGE);
    assert_int_equal(parse_pair(STR("N"), str_make(text, PARAMS_VALUE_MAX)), ERR_OK);
    assert_int_equal(parse_pair(STR("N"), str_make(text, sizeof text)), ERR_TOO_LARGE);
}

static void there_are_256_pairs_at_most(void **state)
{
    struct buf block = STREAM, more = STREAM;
    char name[32];

    (void)state;
    for (int i = 0; i < PARAMS_COUNT_MAX; i++) {
        snprintf(name, sizeof name, "NAME_%d", i);
        pair_add(&block, str_from(name), STR(""));
    }
    buf_str(&more, buf_view(&block));
    pair_add(&more, STR("ONE_MORE"), STR(""));
    assert_int_equal(parse(&block), ERR_OK);
    assert_int_equal(count, PARAMS_COUNT_MAX);
    assert_int_equal(parse(&more), ERR_TOO_LARGE);
}

static void a_block_has_64_kib_at_most(void **state)
{
    static char zeroes[PARAMS_SIZE_MAX + 1];

    (void)state;
    assert_int_equal(fcgi_params_parse(str_make(zeroes, sizeof zeroes), params, &count),
                     ERR_TOO_LARGE);
}

static void control_bytes_are_refused_wherever_they_are(void **state)
{
    char text[20];

    (void)state;
    for (size_t len = 1; len <= sizeof text; len++)
        for (size_t at = 0; at < len; at++)
            for (int c = 0; c < 256; c++) {
                bool control = (c < 0x20 && c != '\t') || c == 0x7f;
                memset(text, 'a', sizeof text);
                text[at] = (char)c;
                assert_int_equal(parse_pair(STR("NAME"), str_make(text, len)),
                                 control ? ERR_SYNTAX : ERR_OK);
                assert_int_equal(parse_pair(str_make(text, len), STR("")),
                                 control || c == '=' || c == '\t' ? ERR_SYNTAX : ERR_OK);
            }
}

static void a_name_is_not_empty(void **state)
{
    (void)state;
    assert_int_equal(parse_pair(STR(""), STR("value")), ERR_SYNTAX);
}

static void what_stands_once_must_not_come_twice(void **state)
{
    static const char *const names[] = {"REQUEST_METHOD",     "CONTENT_LENGTH", "REMOTE_ADDR",
                                        "REMOTE_USER",        "HTTP_HOST",      "REQUEST_URI",
                                        "HTTP_AUTHORIZATION", "HTTP_COOKIE"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(parse_twice(names[i]), ERR_SYNTAX);
    assert_int_equal(parse_twice("HTTP_ACCEPT"), ERR_OK);
    assert_int_equal(count, 3);
}

static void a_proxy_header_is_left_out(void **state)
{
    (void)state;
    assert_int_equal(parse_pair(STR("HTTP_PROXY"), STR("http://evil/")), ERR_OK);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_read_in_order),
        cmocka_unit_test(nothing_is_no_pairs),
        cmocka_unit_test(the_long_form_of_a_short_length_is_read),
        cmocka_unit_test(a_pair_cut_anywhere_is_an_error),
        cmocka_unit_test(lengths_do_not_overflow),
        cmocka_unit_test(names_and_values_have_caps),
        cmocka_unit_test(there_are_256_pairs_at_most),
        cmocka_unit_test(a_block_has_64_kib_at_most),
        cmocka_unit_test(control_bytes_are_refused_wherever_they_are),
        cmocka_unit_test(a_name_is_not_empty),
        cmocka_unit_test(what_stands_once_must_not_come_twice),
        cmocka_unit_test(a_proxy_header_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
