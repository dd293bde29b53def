/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/intake.h"

#include "../unit.h"
#include "stream.h"

enum { MAX_BODY = 100 };

static struct buf stream, out;

static void write_request(const struct intake *intake)
{
    const struct request *request = &intake->exchange->request;

    buf_literal(&out, "request(");
    buf_str(&out, request->method_text);
    buf_char(&out, ' ');
    buf_str(&out, request->path);
    if (request->too_large)
        buf_literal(&out, " too large");
    else if (request->body.len > 0)
        buf_printf(&out, " %zu", request->body.len);
    buf_literal(&out, ") ");
}

static void answer(struct intake *intake)
{
    struct exchange *exchange = intake->exchange;

    intake_finished(intake);
    exchange_put(exchange);
}

static void write_reply(const struct intake *intake)
{
    const unsigned char *reply = (const unsigned char *)intake->reply;

    if (reply[1] == FCGI_END_REQUEST)
        buf_printf(&out, "end(%u %u) ", reply[3], reply[12]);
    else
        buf_printf(&out, "reply(%u, %zu) ", reply[1], intake->reply_len - 8);
}

/* Acts as a connection does; finish: the handler answers at once. */
static bool act(struct intake *intake, enum intake_event event, bool finish)
{
    switch (event) {
    case INTAKE_MORE: break;
    case INTAKE_REQUEST:
        write_request(intake);
        if (finish)
            answer(intake);
        break;
    case INTAKE_REFUSED:
        buf_printf(&out, "%u ", intake->status);
        answer(intake);
        break;
    case INTAKE_ABORTED:
        exchange_put(intake->exchange);
        intake_aborted(intake);
        buf_literal(&out, "aborted ");
        break;
    case INTAKE_REPLY: write_reply(intake); break;
    case INTAKE_DRAINED: buf_literal(&out, "drained "); break;
    case INTAKE_BROKEN: buf_literal(&out, "broken "); return false;
    }
    return true;
}

/* A connection that is not to be kept is closed between two requests. */
static bool is_over(const struct intake *intake)
{
    bool over = intake->begun && !intake->keep && intake->state == INTAKE_IDLE;

    if (over)
        buf_literal(&out, "close ");
    return over;
}

static void run(size_t step, bool finish)
{
    static struct intake intake;
    struct exchange_pool *pool = exchange_pool_new(MAX_BODY);
    bool going = true;

    buf_reset(&out);
    intake_init(&intake, pool, 64);
    for (size_t at = 0; at < stream.len && going; at += step) {
        struct str piece = str_from_offset(buf_view(&stream), at);
        enum intake_event event;
        if (piece.len > step)
            piece.len = step;
        do {
            event = intake_next(&intake, &piece);
            going = act(&intake, event, finish) && !is_over(&intake);
        } while (going && event != INTAKE_MORE);
    }
    if (intake.exchange != NULL)
        exchange_put(intake.exchange);
    exchange_pool_free(pool);
}

static void check_whole(bool finish, const char *expected)
{
    run(stream.len, finish);
    assert_str(buf_view(&out), expected);
    buf_reset(&stream);
}

/* What the stream leads to, whole and split at every byte. */
static void check(bool finish, const char *expected)
{
    run(stream.len, finish);
    assert_str(buf_view(&out), expected);
    for (size_t step = 1; step < 20; step++) {
        run(step, finish);
        assert_str(buf_view(&out), expected);
    }
    buf_reset(&stream);
}

static int set_up(void **state)
{
    (void)state;
    stream = out = STREAM;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_free(&stream);
    buf_free(&out);
    return 0;
}

static void add_post(const char *length, const char *body)
{
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    add_params(&stream, 1, "POST", length);
    add_body(&stream, 1, body);
}

static void requests_follow_each_other(void **state)
{
    (void)state;
    add_get(&stream, 1, 1);
    add_post("4", "body");
    add_get(&stream, 7, 1);
    check(true, "request(GET /api/products) request(POST /api/products 4) "
                "request(GET /api/products) ");
}

static void begin_has_eight_bytes(void **state)
{
    (void)state;
    add(&stream, FCGI_BEGIN_REQUEST, 1, "\0\1\0\0\0\0\0", 7);
    check(true, "broken ");
    add(&stream, FCGI_BEGIN_REQUEST, 1, "\0\1\0\0\0\0\0\0\0", 9);
    check(true, "broken ");
}

static void request_records_have_an_id(void **state)
{
    static const int types[] = {FCGI_BEGIN_REQUEST, FCGI_ABORT_REQUEST, FCGI_PARAMS, FCGI_STDIN,
                                FCGI_DATA};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        add(&stream, types[i], 0, "\0\1\0\0\0\0\0\0", 8);
        check(true, "broken ");
    }
}

static void another_role_is_refused_and_its_records_skipped(void **state)
{
    (void)state;
    add_begin(&stream, 3, FCGI_FILTER, 1);
    add_params(&stream, 3, "GET", NULL);
    add_body(&stream, 3, "body");
    add_get(&stream, 3, 1);
    check(true, "end(3 3) drained request(GET /api/products) ");
}

static void unknown_flags_are_ignored(void **state)
{
    (void)state;
    add_get(&stream, 1, 0xff);
    add_get(&stream, 1, 0xfe);
    check(true, "request(GET /api/products) request(GET /api/products) close ");
}

static void the_same_id_twice_is_an_error(void **state)
{
    (void)state;
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    check(true, "broken ");
    add_get(&stream, 1, 1);
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    check(false, "request(GET /api/products) broken ");
}

static void another_id_meanwhile_cannot_be_multiplexed(void **state)
{
    (void)state;
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    add_get(&stream, 2, 1);
    add_params(&stream, 1, "GET", NULL);
    add_body(&stream, 1, "");
    add_get(&stream, 3, 1);
    check(false, "end(2 1) request(GET /api/products) end(3 1) ");
}

static void an_id_may_be_used_again_and_late_records_are_skipped(void **state)
{
    (void)state;
    add_get(&stream, 1, 1);
    add(&stream, FCGI_STDIN, 1, "late", 4);
    add(&stream, FCGI_PARAMS, 1, "late", 4);
    add(&stream, FCGI_ABORT_REQUEST, 1, NULL, 0);
    add(&stream, FCGI_STDIN, 9, "of nobody", 9);
    add_get(&stream, 1, 1);
    check(true, "request(GET /api/products) request(GET /api/products) ");
}

static void what_is_skipped_is_bounded(void **state)
{
    static char content[60000];

    (void)state;
    for (int i = 0; i < 20; i++)
        add(&stream, FCGI_STDIN, 9, content, sizeof content);
    check_whole(true, "broken ");
    for (int i = 0; i < 140000; i++)
        add(&stream, FCGI_STDIN, 9, NULL, 0);
    check_whole(true, "broken ");
}

static void records_come_in_their_order(void **state)
{
    (void)state;
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    add(&stream, FCGI_STDIN, 1, NULL, 0);
    check(true, "broken ");
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    add_params(&stream, 1, "GET", NULL);
    add(&stream, FCGI_PARAMS, 1, "x", 1);
    check(true, "broken ");
    add_get(&stream, 1, 1);
    add(&stream, FCGI_STDIN, 1, "x", 1);
    check(false, "request(GET /api/products) broken ");
    add_get(&stream, 1, 1);
    add(&stream, FCGI_PARAMS, 1, "x", 1);
    check(false, "request(GET /api/products) broken ");
}

static void data_is_skipped(void **state)
{
    (void)state;
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    add(&stream, FCGI_DATA, 1, "data", 4);
    add_params(&stream, 1, "GET", NULL);
    add(&stream, FCGI_DATA, 1, NULL, 0);
    add_body(&stream, 1, "");
    check(true, "request(GET /api/products) ");
}

static void what_only_a_responder_sends_is_an_error(void **state)
{
    static const int types[] = {FCGI_END_REQUEST, FCGI_STDOUT, FCGI_STDERR, FCGI_GET_VALUES_RESULT,
                                FCGI_UNKNOWN_TYPE};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (unsigned id = 0; id < 2; id++) {
            add(&stream, types[i], id, NULL, 0);
            check(true, "broken ");
        }
}

static void unknown_types_are_told_or_skipped(void **state)
{
    (void)state;
    add(&stream, 12, 0, "content", 7);
    add(&stream, 255, 0, NULL, 0);
    add(&stream, 0, 0, NULL, 0);
    add(&stream, 77, 5, "content", 7);
    add_get(&stream, 1, 1);
    check(true, "reply(11, 8) reply(11, 8) reply(11, 8) request(GET /api/products) ");
}

static void values_are_told_once_each(void **state)
{
    struct buf names = STREAM;

    (void)state;
    pair_add(&names, STR("FCGI_MAX_CONNS"), STR(""));
    pair_add(&names, STR("FCGI_MPXS_CONNS"), STR(""));
    pair_add(&names, STR("FCGI_MAX_CONNS"), STR(""));
    pair_add(&names, STR("FCGI_SECRET"), STR(""));
    add(&stream, FCGI_GET_VALUES, 0, names.ptr, names.len);
    add(&stream, FCGI_GET_VALUES, 0, NULL, 0);
    check(true, "reply(10, 36) reply(10, 0) ");
    buf_free(&names);
}

static void odd_questions_for_values_are_errors(void **state)
{
    static char many[INTAKE_SMALL + 1];

    (void)state;
    add(&stream, FCGI_GET_VALUES, 1, NULL, 0);
    check(true, "broken ");
    add(&stream, FCGI_GET_VALUES, 0, many, sizeof many);
    check(true, "broken ");
    add(&stream, FCGI_GET_VALUES, 0, "\5", 1);
    check(true, "broken ");
}

static void questions_are_bounded(void **state)
{
    (void)state;
    for (int i = 0; i <= INTAKE_REPLIES_MAX; i++)
        add(&stream, FCGI_GET_VALUES, 0, NULL, 0);
    run(stream.len, true);
    assert_non_null(memmem(out.ptr, out.len, "broken ", 7));
    buf_reset(&stream);
}

static void an_abort_ends_the_request_not_the_connection(void **state)
{
    (void)state;
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    add(&stream, FCGI_ABORT_REQUEST, 1, NULL, 0);
    add_get(&stream, 1, 1);
    add(&stream, FCGI_ABORT_REQUEST, 1, NULL, 0);
    add_get(&stream, 1, 1);
    check(false, "aborted request(GET /api/products) aborted request(GET /api/products) ");
}

static void params_may_be_split_into_records_anywhere(void **state)
{
    struct buf pairs = STREAM;

    (void)state;
    pair_add(&pairs, STR("REQUEST_METHOD"), STR("GET"));
    pair_add(&pairs, STR("SCRIPT_NAME"), STR("/x"));
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    for (size_t i = 0; i < pairs.len; i++)
        add_padded(&stream, FCGI_PARAMS, 1, pairs.ptr + i, 1, (unsigned)i % 9);
    add(&stream, FCGI_PARAMS, 1, NULL, 0);
    add_body(&stream, 1, "");
    check(true, "request(GET /x) ");
    buf_free(&pairs);
}

static void bad_params_are_answered_400(void **state)
{
    (void)state;
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    add(&stream, FCGI_PARAMS, 1, "\7\3cut", 5);
    add(&stream, FCGI_PARAMS, 1, NULL, 0);
    add_body(&stream, 1, "");
    add_get(&stream, 1, 1);
    check(true, "400 drained request(GET /api/products) ");
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    add(&stream, FCGI_PARAMS, 1, NULL, 0);
    check(true, "400 ");
}

static void too_many_params_are_answered_431(void **state)
{
    static char content[40000];

    (void)state;
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    add(&stream, FCGI_PARAMS, 1, content, sizeof content);
    add(&stream, FCGI_PARAMS, 1, content, sizeof content);
    add(&stream, FCGI_PARAMS, 1, NULL, 0);
    add_body(&stream, 1, "");
    check_whole(true, "431 drained ");
}

static void a_content_length_is_digits(void **state)
{
    static const char *const wrong[] = {"-1",  "+4",  "4 ",  " 4",
                                        "0x4", "4,4", "1e1", "99999999999999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        add_post(wrong[i], "body");
        check(true, "400 drained ");
    }
}

static void a_short_body_is_answered_400(void **state)
{
    (void)state;
    add_post("5", "body");
    add_get(&stream, 1, 1);
    check(true, "400 request(GET /api/products) ");
}

static void a_long_body_is_answered_400_and_ends_the_connection(void **state)
{
    (void)state;
    add_post("3", "body");
    add_get(&stream, 1, 1);
    check(true, "400 drained close ");
}

static void a_body_without_a_length_is_counted(void **state)
{
    (void)state;
    add_post(NULL, "body");
    add_post("", "longer body");
    check(true, "request(POST /api/products 4) request(POST /api/products 11) ");
}

static void a_body_beyond_the_limit_is_not_read(void **state)
{
    char text[MAX_BODY + 2];

    (void)state;
    memset(text, 'x', sizeof text);
    text[MAX_BODY + 1] = '\0';
    add_post("101", text);
    add_post(NULL, text);
    text[MAX_BODY] = '\0';
    add_post("100", text);
    check(true, "request(POST /api/products too large) drained "
                "request(POST /api/products too large) drained "
                "request(POST /api/products 100) ");
}

static void a_body_is_never_taken_for_records(void **state)
{
    struct buf inner = STREAM;

    (void)state;
    add_get(&inner, 1, 1);
    buf_char(&inner, '\0');
    add_begin(&stream, 1, FCGI_RESPONDER, 1);
    add_params(&stream, 1, "POST", "100000");
    add(&stream, FCGI_STDIN, 1, inner.ptr, inner.len);
    add(&stream, FCGI_STDIN, 1, NULL, 0);
    check(true, "request(POST /api/products too large) drained ");
    buf_free(&inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_follow_each_other),
        cmocka_unit_test(begin_has_eight_bytes),
        cmocka_unit_test(request_records_have_an_id),
        cmocka_unit_test(another_role_is_refused_and_its_records_skipped),
        cmocka_unit_test(unknown_flags_are_ignored),
        cmocka_unit_test(the_same_id_twice_is_an_error),
        cmocka_unit_test(another_id_meanwhile_cannot_be_multiplexed),
        cmocka_unit_test(an_id_may_be_used_again_and_late_records_are_skipped),
        cmocka_unit_test(what_is_skipped_is_bounded),
        cmocka_unit_test(records_come_in_their_order),
        cmocka_unit_test(data_is_skipped),
        cmocka_unit_test(what_only_a_responder_sends_is_an_error),
        cmocka_unit_test(unknown_types_are_told_or_skipped),
        cmocka_unit_test(values_are_told_once_each),
        cmocka_unit_test(odd_questions_for_values_are_errors),
        cmocka_unit_test(questions_are_bounded),
        cmocka_unit_test(an_abort_ends_the_request_not_the_connection),
        cmocka_unit_test(params_may_be_split_into_records_anywhere),
        cmocka_unit_test(bad_params_are_answered_400),
        cmocka_unit_test(too_many_params_are_answered_431),
        cmocka_unit_test(a_content_length_is_digits),
        cmocka_unit_test(a_short_body_is_answered_400),
        cmocka_unit_test(a_long_body_is_answered_400_and_ends_the_connection),
        cmocka_unit_test(a_body_without_a_length_is_counted),
        cmocka_unit_test(a_body_beyond_the_limit_is_not_read),
        cmocka_unit_test(a_body_is_never_taken_for_records),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
