/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "cache/entry.h"
#include "cache/key.h"

static const struct entry sample = {
    .status = 200,
    .created_ms = 1000000,
    .fresh_until_ms = 1240000,
    .stale_until_ms = 1300000,
    .error_until_ms = 4900000,
    .fill_ms = 20,
    .source_at = 3,
    .etag = STR_INIT("W/\"abc\""),
    .plain = STR_INIT("plain body"),
    .gzip = STR_INIT("gz"),
    .versions = {1, UINT64_MAX},
    .tag_count = 2,
};

static void encode(struct buf *bytes)
{
    entry_encode(&sample, bytes);
    buf_str(bytes, sample.plain);
    buf_str(bytes, sample.gzip);
}

static void test_what_is_encoded_is_decoded(void **state)
{
    struct buf bytes = BUF_INIT(1024);
    struct entry entry;
    size_t head_len;

    (void)state;
    encode(&bytes);
    assert_int_equal(entry_decode(buf_view(&bytes), &entry), ERR_OK);
    assert_int_equal(entry.status, 200);
    assert_int_equal(entry.created_ms, sample.created_ms);
    assert_int_equal(entry.fresh_until_ms, sample.fresh_until_ms);
    assert_int_equal(entry.stale_until_ms, sample.stale_until_ms);
    assert_int_equal(entry.error_until_ms, sample.error_until_ms);
    assert_int_equal(entry.fill_ms, 20);
    assert_int_equal(entry.source_at, 3);
    assert_str(entry.etag, "W/\"abc\"");
    assert_str(entry.plain, "plain body");
    assert_str(entry.gzip, "gz");
    assert_int_equal(entry.tag_count, 2);
    assert_true(entry.versions[0] == 1 && entry.versions[1] == UINT64_MAX);
    assert_int_equal(entry_decode_head(buf_view(&bytes), &entry, &head_len), ERR_OK);
    assert_int_equal(head_len, bytes.len - 12);
    buf_free(&bytes);
}

/* Workers that know of no such entries take it for none. */
static void test_a_brief_one_has_a_format_of_its_own(void **state)
{
    struct entry brief = sample, entry;
    struct buf bytes = BUF_INIT(1024);
    size_t head_len;

    (void)state;
    entry_encode(&sample, &bytes);
    assert_int_equal(entry_decode_head(buf_view(&bytes), &entry, &head_len), ERR_OK);
    assert_false(entry.brief);
    buf_reset(&bytes);
    brief.brief = true;
    entry_encode(&brief, &bytes);
    assert_int_equal(bytes.ptr[2], 3);
    assert_int_equal(entry_decode_head(buf_view(&bytes), &entry, &head_len), ERR_OK);
    assert_true(entry.brief);
    buf_free(&bytes);
}

static void test_every_cut_is_found(void **state)
{
    struct buf bytes = BUF_INIT(1024);
    struct entry entry;

    (void)state;
    encode(&bytes);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(entry_decode(str_make(bytes.ptr, len), &entry), ERR_SYNTAX);
    buf_char(&bytes, 'x');
    assert_int_equal(entry_decode(buf_view(&bytes), &entry), ERR_SYNTAX);
    buf_free(&bytes);
}

static void test_only_what_is_ever_stored_is_an_entry(void **state)
{
    static const unsigned statuses[] = {0, 100, 199, 201, 204, 302, 304, 405, 500, 999, 65535};
    struct buf bytes = BUF_INIT(1024);
    struct entry entry = sample, back;
    size_t head_len;

    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        entry.status = statuses[i];
        buf_reset(&bytes);
        entry_encode(&entry, &bytes);
        assert_int_equal(entry_decode_head(buf_view(&bytes), &back, &head_len), ERR_SYNTAX);
    }
    entry.status = 404;
    buf_reset(&bytes);
    entry_encode(&entry, &bytes);
    assert_int_equal(entry_decode_head(buf_view(&bytes), &back, &head_len), ERR_OK);
    buf_free(&bytes);
}

/* Its sums would be beyond what a number holds. */
static void test_times_do_not_overflow(void **state)
{
    static const int64_t far[] = {INT64_MAX, INT64_MAX - 1000, INT64_MIN, -1, ENTRY_TIME_MAX + 1};
    struct buf bytes = BUF_INIT(1024);
    struct entry entry = sample, back;
    size_t head_len;

    (void)state;
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        entry_encode(&sample, &bytes);
        memcpy(bytes.ptr + 24, &far[i], sizeof far[i]); /* created */
        assert_int_equal(entry_decode_head(buf_view(&bytes), &back, &head_len), ERR_SYNTAX);
        buf_reset(&bytes);
    }
    entry.created_ms = ENTRY_TIME_MAX;
    entry_encode(&entry, &bytes);
    assert_int_equal(entry_decode_head(buf_view(&bytes), &back, &head_len), ERR_OK);
    buf_free(&bytes);
}

static void test_what_is_made_later_than_now(void **state)
{
    (void)state;
    assert_false(entry_is_ahead(&sample, sample.created_ms));
    assert_false(entry_is_ahead(&sample, sample.created_ms - ENTRY_AHEAD_MS));
    assert_true(entry_is_ahead(&sample, sample.created_ms - ENTRY_AHEAD_MS - 1));
}

static void test_refresh_is_rare_early_and_sure_at_the_end(void **state)
{
    (void)state;
    assert_false(entry_wants_refresh(&sample, sample.created_ms, 0.5));
    assert_false(entry_wants_refresh(&sample, sample.stale_until_ms - 20, 0.5));
    assert_true(entry_wants_refresh(&sample, sample.stale_until_ms - 20, 0.3));
    assert_true(entry_wants_refresh(&sample, sample.stale_until_ms, 1));
}

static void test_long_names_are_hashed_and_keep_their_first_word(void **state)
{
    char text[300], room[KEY_HASHED_MAX];
    struct str other, name;

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "posts:", 6);
    assert_int_equal(key_name(str_make(text, KEY_NAME_MAX), room).len, KEY_NAME_MAX);
    name = key_name(str_make(text, KEY_NAME_MAX + 1), room);
    assert_int_equal(name.len, 6 + 7 + 64);
    assert_memory_equal(name.ptr, "posts:sha256:", 13);
    char second[KEY_HASHED_MAX];
    other = key_name(str_make(text, KEY_NAME_MAX + 2), second);
    assert_false(str_eq(name, other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_encoded_is_decoded),
        cmocka_unit_test(test_a_brief_one_has_a_format_of_its_own),
        cmocka_unit_test(test_every_cut_is_found),
        cmocka_unit_test(test_times_do_not_overflow),
        cmocka_unit_test(test_what_is_made_later_than_now),
        cmocka_unit_test(test_only_what_is_ever_stored_is_an_entry),
        cmocka_unit_test(test_refresh_is_rare_early_and_sure_at_the_end),
        cmocka_unit_test(test_long_names_are_hashed_and_keep_their_first_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
