/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctl/input.h"

static struct input *input;
static int fd;

static void open_text(struct str text)
{
    fd = memfd_create("input", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    lseek(fd, 0, SEEK_SET);
    input = input_new(fd, -1);
}

static void close_text(void)
{
    input_free(input);
    close(fd);
}

static void test_lines_have_their_numbers(void **state)
{
    struct str line;
    uint64_t number;

    (void)state;
    open_text(STR("\xef\xbb\xbf{\"a\":1}\r\n\n  \n{\"b\":2}"));
    assert_int_equal(input_peek(input), '{');
    assert_int_equal(input_line(input, &line, &number), ERR_OK);
    assert_str(line, "{\"a\":1}");
    assert_int_equal(number, 1);
    assert_int_equal(input_line(input, &line, &number), ERR_OK);
    assert_str(line, "{\"b\":2}");
    assert_int_equal(number, 4);
    assert_int_equal(input_line(input, &line, &number), ERR_NOT_FOUND);
    assert_int_equal(input_done(input), input_size(input));
    close_text();
}

static void test_a_line_beyond_the_bound_is_skipped(void **state)
{
    size_t len = INPUT_RECORD_MAX + 1;
    char *text = calloc(1, len + 3);
    struct str line;
    uint64_t number;

    (void)state;
    memset(text, 'x', len);
    memcpy(text + len, "\nok", 3);
    open_text(str_make(text, len + 3));
    assert_int_equal(input_line(input, &line, &number), ERR_TOO_LARGE);
    assert_int_equal(number, 1);
    assert_int_equal(input_line(input, &line, &number), ERR_OK);
    assert_str(line, "ok");
    assert_int_equal(number, 2);
    close_text();
    open_text(str_make(text, INPUT_RECORD_MAX));
    assert_int_equal(input_line(input, &line, &number), ERR_OK);
    assert_int_equal(line.len, INPUT_RECORD_MAX);
    close_text();
    free(text);
}

/* Rows are written as cells with | between; a row that is refused as !. */
static void check_rows(struct str text, const char *expected)
{
    struct buf seen = BUF_INIT(1 << 16);
    struct input_row row;
    enum err err;

    open_text(text);
    while ((err = input_row(input, &row)) != ERR_NOT_FOUND) {
        buf_printf(&seen, "%u:", (unsigned)row.line);
        for (size_t i = 0; err == ERR_OK && i < row.count; i++) {
            buf_str(&seen, row.cells[i]);
            buf_char(&seen, '|');
        }
        if (err != ERR_OK) {
            assert_non_null(row.why);
            buf_char(&seen, '!');
        }
    }
    assert_str(buf_view(&seen), expected);
    buf_free(&seen);
    close_text();
}

static void test_rows_are_read_as_the_standard_says(void **state)
{
    static const struct {
        struct str text;
        const char *expected;
    } cases[] = {
        {STR_INIT(""), ""},
        {STR_INIT("\n\r\n"), ""},
        {STR_INIT("a,b"), "1:a|b|"},
        {STR_INIT("a,b\nc,d\n"), "1:a|b|2:c|d|"},
        {STR_INIT("a,b\r\nc,d\r\n"), "1:a|b|2:c|d|"},
        {STR_INIT("a,\n"), "1:a||"},
        {STR_INIT(",,"), "1:|||"},
        {STR_INIT("\"\""), "1:|"},
        {STR_INIT("\"a,b\",c"), "1:a,b|c|"},
        {STR_INIT("\"a \"\"b\"\"\",c\r\n"), "1:a \"b\"|c|"},
        {STR_INIT("\"a\nb\",c\nd,e"), "1:a\nb|c|3:d|e|"},
        {STR_INIT("\"a\r\nb\"\r\nc"), "1:a\r\nb|3:c|"},
        {STR_INIT(" a , b "), "1: a | b |"},
        {STR_INIT("\xef\xbb\xbf"
                  "a,b"),
         "1:a|b|"},
        {STR_INIT("a\rb,c"), "1:a\rb|c|"},
        {STR_INIT("a\"b,c\nd"), "1:!2:d|"},
        {STR_INIT("\"a\"b,c\nd"), "1:!2:d|"},
        {STR_INIT("\"a,b\nc"), "1:!"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_rows(cases[i].text, cases[i].expected);
}

/* Elements are written with | behind; errors as !, with what is wrong. */
static void check_elements(struct str text, const char *expected)
{
    struct buf seen = BUF_INIT(1 << 16);
    struct str element;
    const char *reason;
    uint64_t number;
    enum err err;

    open_text(text);
    while ((err = input_element(input, &element, &number, &reason)) != ERR_NOT_FOUND) {
        buf_printf(&seen, "%u:", (unsigned)number);
        if (err == ERR_OK)
            buf_str(&seen, element);
        else
            buf_printf(&seen, "!%s", reason);
        buf_char(&seen, '|');
    }
    assert_str(buf_view(&seen), expected);
    buf_free(&seen);
    close_text();
}

static void test_elements_of_an_array(void **state)
{
    (void)state;
    check_elements(STR("[]"), "");
    check_elements(STR(" [ \n] \n"), "");
    check_elements(STR("[1]"), "1:1|");
    check_elements(STR("[\n {\"a\":[1,{}]} ,\n{\"b\":\"],\\\"}\"}\n]\n"),
                   "2:{\"a\":[1,{}]}|3:{\"b\":\"],\\\"}\"}|");
    check_elements(STR("[{} {}]"), "1:{} {}|");
    check_elements(STR("[1,]"), "1:1|1:!an element is missing between commas|");
    check_elements(STR("[,1]"), "1:!an element is missing between commas|");
    check_elements(STR("[1,{\"a\":\n2"), "1:1|1:!the array ends within this element|");
    check_elements(STR("[1"), "1:!the array ends within this element|");
    check_elements(STR("[1]\n2"), "1:1|2:!something is behind the end of the array|");
}

static void test_a_long_element_is_skipped(void **state)
{
    size_t len = INPUT_RECORD_MAX + 1;
    char *text = malloc(len + 6);
    const char *reason;
    struct str element;
    uint64_t number;

    (void)state;
    text[0] = '[';
    memset(text + 1, 'x', len);
    memcpy(text + 1 + len, ",ok]", 4);
    open_text(str_make(text, len + 5));
    assert_int_equal(input_element(input, &element, &number, &reason), ERR_TOO_LARGE);
    assert_int_equal(input_element(input, &element, &number, &reason), ERR_OK);
    assert_str(element, "ok");
    assert_int_equal(input_element(input, &element, &number, &reason), ERR_NOT_FOUND);
    close_text();
    free(text);
}

static void test_rows_are_bounded(void **state)
{
    char commas[INPUT_COLUMNS_MAX + 2];
    size_t len = INPUT_RECORD_MAX + 2;
    char *text = malloc(len + 4);
    struct input_row row;

    (void)state;
    memset(commas, ',', sizeof commas);
    open_text(str_make(commas, INPUT_COLUMNS_MAX - 1));
    assert_int_equal(input_row(input, &row), ERR_OK);
    assert_int_equal(row.count, INPUT_COLUMNS_MAX);
    close_text();
    open_text(str_make(commas, INPUT_COLUMNS_MAX));
    assert_int_equal(input_row(input, &row), ERR_SYNTAX);
    close_text();

    memset(text, 'x', len);
    memcpy(text + len, "\nok", 3);
    open_text(str_make(text, len + 3));
    assert_int_equal(input_row(input, &row), ERR_TOO_LARGE);
    assert_int_equal(input_row(input, &row), ERR_OK);
    assert_str(row.cells[0], "ok");
    close_text();
    text[0] = '"';
    open_text(str_make(text, len + 3));
    assert_int_equal(input_row(input, &row), ERR_TOO_LARGE);
    assert_int_equal(input_row(input, &row), ERR_OK);
    close_text();
    free(text);
}

static void test_a_row_may_lie_across_blocks(void **state)
{
    struct buf text = BUF_INIT(1 << 20);
    struct input_row row;
    unsigned rows = 0;

    (void)state;
    for (unsigned i = 0; i < 20000; i++)
        buf_printf(&text, "%u,\"a\"\"%u\r\n\"\r\n", i, i);
    open_text(buf_view(&text));
    for (; input_row(input, &row) == ERR_OK; rows++) {
        char cell[32];

        assert_int_equal(row.count, 2);
        assert_int_equal(row.line, 2 * rows + 1);
        snprintf(cell, sizeof cell, "a\"%u\r\n", rows);
        assert_str(row.cells[1], cell);
    }
    assert_int_equal(rows, 20000);
    close_text();
    buf_free(&text);
}

static void test_a_failed_read_is_no_end(void **state)
{
    int folder = open("/", O_RDONLY | O_CLOEXEC);
    struct str line;
    uint64_t number;

    (void)state;
    input = input_new(folder, -1);
    assert_int_equal(input_line(input, &line, &number), ERR_IO);
    assert_int_equal(errno, EISDIR);
    input_free(input);
    close(folder);
}

static void open_pipe(int ends[2], int *stop, struct str text)
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], text.ptr, text.len), text.len);
    *stop = eventfd(0, EFD_CLOEXEC);
    assert_true(*stop >= 0);
    input = input_new(ends[0], *stop);
}

static void close_pipe(const int ends[2], int stop)
{
    input_free(input);
    close(ends[0]);
    close(ends[1]);
    close(stop);
}

static void test_a_stop_ends_the_waiting_for_a_pipe(void **state)
{
    struct input_row row;
    struct str line;
    uint64_t number;
    int ends[2], stop;

    (void)state;
    open_pipe(ends, &stop, STR("whole\nhalf"));
    assert_int_equal(input_line(input, &line, &number), ERR_OK);
    assert_str(line, "whole");
    eventfd_write(stop, 1);
    assert_int_equal(input_line(input, &line, &number), ERR_CANCELED);
    assert_int_equal(input_line(input, &line, &number), ERR_CANCELED);
    close_pipe(ends, stop);
    open_pipe(ends, &stop, STR("a,b\n\"c"));
    assert_int_equal(input_row(input, &row), ERR_OK);
    eventfd_write(stop, 1);
    assert_int_equal(input_row(input, &row), ERR_CANCELED);
    close_pipe(ends, stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_have_their_numbers),
        cmocka_unit_test(test_a_line_beyond_the_bound_is_skipped),
        cmocka_unit_test(test_rows_are_read_as_the_standard_says),
        cmocka_unit_test(test_elements_of_an_array),
        cmocka_unit_test(test_a_long_element_is_skipped),
        cmocka_unit_test(test_rows_are_bounded),
        cmocka_unit_test(test_a_row_may_lie_across_blocks),
        cmocka_unit_test(test_a_failed_read_is_no_end),
        cmocka_unit_test(test_a_stop_ends_the_waiting_for_a_pipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
