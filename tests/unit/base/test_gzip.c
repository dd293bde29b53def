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
    assert_int_equal(gzip_pack(str_make(text, sizeof text), 0, STR("12 abc"), &packed), ERR_OK);
    assert_true(packed.len < 100);
    assert_str(gzip_comment(buf_view(&packed)), "12 abc");
    unpack(buf_view(&packed), str_make(text, sizeof text));
    buf_reset(&packed);
    assert_int_equal(gzip_pack(STR("short"), 0, STR(""), &packed), ERR_OK);
    assert_int_equal(gzip_comment(buf_view(&packed)).len, 0);
    unpack(buf_view(&packed), STR("short"));
    assert_int_equal(gzip_comment(STR("x")).len, 0);
    buf_free(&packed);
}

static void a_cap_leaves_the_buffer_as_it_was(void **state)
{
    struct buf packed = BUF_INIT(16);

    (void)state;
    assert_int_equal(gzip_pack(STR("some text"), 4, STR(""), &packed), ERR_TOO_LARGE);
    assert_int_equal(packed.len, 0);
    assert_int_equal(packed.err, ERR_OK);
    buf_free(&packed);
}

static void packs_with_another_lead(struct str lead, struct str comment, size_t length)
{
    static const struct str old = STR_INIT("first");
    struct buf text = BUF_INIT(8192), packed = BUF_INIT(8192), whole = BUF_INIT(8192);
    struct str parts[GZIP_PARTS];
    struct arena arena;

    arena_init(&arena, NULL, 0);
    buf_str(&text, old);
    for (size_t i = 0; i < length; i++)
        buf_char(&text, (char)('a' + i * i % 23));
    assert_int_equal(gzip_pack(buf_view(&text), old.len, comment, &packed), ERR_OK);
    unpack(buf_view(&packed), buf_view(&text));
    gzip_exchange(buf_view(&packed), old, lead, &arena, parts);
    for (size_t i = 0; i < GZIP_PARTS; i++)
        buf_str(&whole, parts[i]);
    buf_reset(&text);
    buf_str(&text, lead);
    for (size_t i = 0; i < length; i++)
        buf_char(&text, (char)('a' + i * i % 23));
    unpack(buf_view(&whole), buf_view(&text));
    assert_str(gzip_comment(buf_view(&whole)), comment.ptr);
    arena_reset(&arena);
    buf_free(&text);
    buf_free(&packed);
    buf_free(&whole);
}

static void a_lead_is_exchanged(void **state)
{
    static const size_t lengths[] = {0, 1, 100, 255, 256, 4096, 5000};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        packs_with_another_lead(STR("another, longer one"), STR(""), lengths[i]);
        packs_with_another_lead(STR("1st"), STR("3 next"), lengths[i]);
        packs_with_another_lead(STR("first"), STR("3"), lengths[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_comment_come_back),
        cmocka_unit_test(a_lead_is_exchanged),
        cmocka_unit_test(a_cap_leaves_the_buffer_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
