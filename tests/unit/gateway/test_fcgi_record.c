/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/fcgi_record.h"

#include "../unit.h"
#include "stream.h"

/* What a stream says, told the same way however it is split. */
static void trace(struct str input, size_t step, struct buf *out)
{
    struct record_parser parser = {.header_len = 0};
    struct fcgi_record record;
    enum record_status status = RECORD_MORE;

    for (size_t at = 0; at < input.len; at += step) {
        struct str piece = str_from_offset(input, at);
        if (piece.len > step)
            piece.len = step;
        while ((status = record_next(&parser, &piece, &record)) == RECORD_PART) {
            if (record.first)
                buf_printf(out, "<%u %u %u ", record.type, record.id, record.length);
            buf_str(out, record.data);
            if (record.last)
                buf_char(out, '>');
        }
        if (status == RECORD_BAD) {
            buf_literal(out, "BAD");
            return;
        }
        assert_int_equal(piece.len, 0);
    }
    if (record_at_start(&parser))
        buf_literal(out, ".");
}

static void a_stream_split_anywhere_is_the_same(void **state)
{
    struct buf stream = STREAM, whole = STREAM;

    (void)state;
    add_begin(&stream, 1, 1, 1);
    add_padded(&stream, FCGI_PARAMS, 258, "name", 4, 3);
    add_padded(&stream, FCGI_PARAMS, 258, "", 0, 255);
    add_padded(&stream, FCGI_STDIN, 65535, "body", 4, 0);
    add_padded(&stream, FCGI_STDIN, 65535, "", 0, 8);
    add(&stream, 200, 0, "?", 1);
    trace(buf_view(&stream), stream.len, &whole);
    assert_non_null(memmem(whole.ptr, whole.len, "<4 258 4 name><4 258 0 ><5 65535 4 body>", 40));
    assert_int_equal(whole.ptr[whole.len - 1], '.');
    for (size_t step = 1; step < stream.len; step++) {
        struct buf split = STREAM;
        trace(buf_view(&stream), step, &split);
        assert_int_equal(split.len, whole.len);
        assert_memory_equal(split.ptr, whole.ptr, whole.len);
        buf_free(&split);
    }
    buf_free(&stream);
    buf_free(&whole);
}

static void the_longest_record_passes(void **state)
{
    static char content[65535];
    struct buf stream = STREAM, out = STREAM;

    (void)state;
    memset(content, 'c', sizeof content);
    add_padded(&stream, FCGI_STDIN, 1, content, sizeof content, 255);
    trace(buf_view(&stream), 4096, &out);
    assert_int_equal(out.len, strlen("<5 1 65535 >.") + sizeof content);
    buf_free(&stream);
    buf_free(&out);
}

static void another_version_is_bad_at_its_first_byte(void **state)
{
    struct buf out = STREAM;

    (void)state;
    trace(STR("\2"), 1, &out);
    trace(str_make("\0", 1), 1, &out);
    assert_str(buf_view(&out), "BADBAD");
    buf_free(&out);
}

static void a_header_is_written_with_zeroes_where_nothing_is(void **state)
{
    char to[RECORD_HEADER_SIZE], end[RECORD_END_SIZE];

    (void)state;
    assert_ptr_equal(record_write_header(to, FCGI_STDOUT, 0x1234, 0xabcd, 3), to + sizeof to);
    assert_memory_equal(to, "\1\6\x12\x34\xab\xcd\3\0", sizeof to);
    assert_ptr_equal(record_write_end(end, 1, FCGI_UNKNOWN_ROLE), end + sizeof end);
    assert_memory_equal(end, "\1\3\0\1\0\10\0\0\0\0\0\0\3\0\0\0", sizeof end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_split_anywhere_is_the_same),
        cmocka_unit_test(the_longest_record_passes),
        cmocka_unit_test(another_version_is_bad_at_its_first_byte),
        cmocka_unit_test(a_header_is_written_with_zeroes_where_nothing_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
