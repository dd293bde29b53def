/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include "app/read/note.h"
#include "base/gzip.h"

/* What is taken from a plain body, and from a packed one's comment. */
static void assert_taken(struct str next, struct str expected)
{
    struct buf plain = BUF_INIT(512), comment = BUF_INIT(512), packed = BUF_INIT(1024);
    struct entry entry = {.status = 200};

    buf_literal(&plain,
                "{\"count\":1,\"total\":30,\"page\":1,\"pages\":3,\"limit\":10,\"next\":\"");
    buf_str(&plain, next);
    buf_literal(&plain, "\",\"data\":[{}]}");
    note_put(&comment, &(struct note){3, next, STR("30")});
    assert_int_equal(gzip_pack(buf_view(&plain), 0, buf_view(&comment), &packed), ERR_OK);
    entry.plain = buf_view(&plain);
    entry.gzip = buf_view(&packed);
    for (int gzip = 0; gzip < 2; gzip++) {
        struct note taken = note_take(&entry, gzip);

        assert_true(str_eq(taken.next, expected));
        assert_int_equal(taken.pages, 3);
        assert_true(str_eq(taken.total, STR("30")) || expected.len < next.len);
    }
    buf_free(&plain);
    buf_free(&comment);
    buf_free(&packed);
}

static void test_a_cursor_is_taken_as_it_is(void **state)
{
    static const struct str cursors[] = {STR_INIT(""), STR_INIT("a"), STR_INIT("AZaz09-_")};

    (void)state;
    for (size_t i = 0; i < sizeof cursors / sizeof *cursors; i++)
        assert_taken(cursors[i], cursors[i]);
}

/* It would become a header of its own. */
static void test_what_is_no_cursor_is_not_taken(void **state)
{
    static const struct str others[] = {STR_INIT("a\r\nX-Injected: yes\r\nX: "),
                                        STR_INIT("a\n"),
                                        STR_INIT("a>; rel=next"),
                                        STR_INIT("a b"),
                                        STR_INIT("a="),
                                        STR_INIT("a+/"),
                                        STR_INIT("\xc3\xa4")};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_taken(others[i], STR(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cursor_is_taken_as_it_is),
        cmocka_unit_test(test_what_is_no_cursor_is_not_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
