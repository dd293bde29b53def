/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "base/trace.h"

#define ID    "0af7651916cd43dd8448eb211c80319c"
#define SPAN  "b7ad6b7169203331"
#define GOOD  "00-" ID "-" SPAN "-01"
#define ZEROS "0000000000000000"

static const struct {
    const char *header;
    bool good;
} headers[] = {
    {GOOD, true},
    {"00-" ID "-" SPAN "-00", true},
    {"cc-" ID "-" SPAN "-01", true},
    {"cc-" ID "-" SPAN "-01-what comes later", true},
    {"cc-" ID "-" SPAN "-01-", true},
    {"cc-" ID "-" SPAN "-01.what comes later", false},
    {"00-" ID "-" SPAN "-01-more", false},
    {"00-" ID "-" SPAN "-01-", false},
    {"ff-" ID "-" SPAN "-01", false},
    {"00-" ZEROS ZEROS "-" SPAN "-01", false},
    {"00-" ID "-" ZEROS "-01", false},
    {"00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01", false},
    {"00-" ID "-" SPAN "-0", false},
    {"00-" ID "-" SPAN "-0g", false},
    {"00_" ID "-" SPAN "-01", false},
    {"0-" ID "-" SPAN "-011", false},
    {GOOD ", " GOOD, false},
    {" " GOOD, false},
    {"", false},
};

static void test_a_traceparent_is_well_formed_or_ignored(void **state)
{
    char room[TRACE_COMMENT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct trace *trace = trace_new();
        struct str comment;

        trace_set_parent(trace, str_from(headers[i].header));
        comment = trace_comment(trace, room);
        if (trace->has_parent != headers[i].good)
            fail_msg("%s", headers[i].header);
        assert_int_equal(comment.len, headers[i].good ? TRACE_COMMENT_SIZE : 0);
        if (headers[i].good) {
            assert_memory_equal(comment.ptr, "traceparent=", 12);
            assert_memory_equal(comment.ptr + 12, headers[i].header, TRACE_PARENT_SIZE);
            assert_true(str_eq(trace_id(trace), STR(ID)));
        }
        trace_put(trace);
    }
}

static void test_the_one_at_work_is_taken_along(void **state)
{
    struct trace *trace = trace_new(), *before = trace_enter(trace), *taken = trace_take();

    (void)state;
    assert_null(before);
    assert_ptr_equal(taken, trace);
    trace_end(trace);
    assert_null(trace_take());
    trace_leave(before);
    assert_int_equal(trace->refs, 2);
    taken->redis_ns = 5;
    assert_ptr_not_equal(trace = trace_renew(trace), taken);
    assert_int_equal(trace->redis_ns, 0);
    trace_put(taken);
    trace_put(trace);
}

static void test_one_is_used_again_when_nobody_has_it(void **state)
{
    struct trace *trace = trace_new();

    (void)state;
    trace->mongo_ns = 5;
    trace_set_parent(trace, STR(GOOD));
    assert_ptr_equal(trace_renew(trace), trace);
    assert_int_equal(trace->mongo_ns, 0);
    assert_int_equal(trace_id(trace).len, 0);
    trace_put(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_traceparent_is_well_formed_or_ignored),
        cmocka_unit_test(test_the_one_at_work_is_taken_along),
        cmocka_unit_test(test_one_is_used_again_when_nobody_has_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
