/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include "app/read/project.h"

static void members_are_chosen(void **state)
{
    static const struct str names[] = {STR_INIT("_id"), STR_INIT("a"), STR_INIT("b"),
                                       STR_INIT("c")};
    static const struct {
        const char *json;
        uint64_t chosen;
        const char *expected;
    } cases[] = {
        {"{}", 15, "{}"},
        {"{\"_id\":\"1\",\"a\":1,\"b\":2}", 3, "{\"_id\":\"1\",\"a\":1}"},
        {"{\"_id\":\"1\",\"a\":\"x,\\\"b\\\":}\",\"b\":[1,{\"c\":2}],\"c\":null}", 12,
         "{\"b\":[1,{\"c\":2}],\"c\":null}"},
        {"{\"d\":{\"a\":1},\"a\":\"\\\\\"}", 2, "{\"a\":\"\\\\\"}"},
        {"{\"a\":1}", 8, "{}"},
    };
    struct buf out = BUF_INIT(1024);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_reset(&out);
        project_json(str_from(cases[i].json), names, 4, cases[i].chosen, &out);
        assert_str(buf_view(&out), cases[i].expected);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_chosen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
