/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <zlib.h>

#include "base/gzip.h"

static void unpack(struct str packed, struct str expected)
{
    unsigned char out[8192];
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed.ptr,
                       .avail_in = (uInt)packed.len,
                       .next_out = out,
                       .avail_out = sizeof out};

    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, expected.len);
    assert_memory_equal(out, expected.ptr, expected.len);
    inflateEnd(&stream);
}

static void text_and_comment_come_back(void **state)
{
    struct buf packed = BUF_INIT(8192);
    char text[5000];

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(gzip_pack(str_make(text, sizeof text), STR("12 abc"), &packed), ERR_OK);
    assert_true(packed.len < 100);
    assert_str(gzip_comment(buf_view(&packed)), "12 abc");
    unpack(buf_view(&packed), str_make(text, sizeof text));
    buf_reset(&packed);
    assert_int_equal(gzip_pack(STR("short"), STR(""), &packed), ERR_OK);
    assert_int_equal(gzip_comment(buf_view(&packed)).len, 0);
    unpack(buf_view(&packed), STR("short"));
    assert_int_equal(gzip_comment(STR("x")).len, 0);
    buf_free(&packed);
}

static void a_cap_leaves_the_buffer_as_it_was(void **state)
{
    struct buf packed = BUF_INIT(16);

    (void)state;
    assert_int_equal(gzip_pack(STR("some text"), STR(""), &packed), ERR_TOO_LARGE);
    assert_int_equal(packed.len, 0);
    assert_int_equal(packed.err, ERR_OK);
    buf_free(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_comment_come_back),
        cmocka_unit_test(a_cap_leaves_the_buffer_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
