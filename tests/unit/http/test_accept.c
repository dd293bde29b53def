/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "http/accept.h"

static void gzip_is_negotiated(void **state)
{
    static const struct {
        const char *field;
        bool gzip;
    } cases[] = {
        {"", false},
        {"gzip", true},
        {"gzip, deflate, br", true},
        {"br, GZip", true},
        {"x-gzip", true},
        {"*", true},
        {"deflate, br", false},
        {"gzip;q=0", false},
        {"gzip;q=0.000", false},
        {"gzip ; q=0.5", true},
        {"*;q=0", false},
        {"gzip;q=0, *", false},
        {"identity;q=1, gzip;q=0.5", false},
        {"identity;q=0.5, gzip;q=1.0", true},
        {"identity", false},
        {"gzip;q=2", false},
        {"gzip;q=abc", false},
        {"gzipped", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(accept_gzip(str_from(cases[i].field)), cases[i].gzip);
    assert_false(accept_gzip(str_make(NULL, 0)));
}

static void streams_are_asked_for_by_name(void **state)
{
    static const struct {
        const char *field;
        bool stream;
    } cases[] = {
        {"text/event-stream", true},
        {"Text/Event-Stream; charset=utf-8", true},
        {"text/event-stream, */*", true},
        {"text/event-stream, application/json;q=0.9", true},
        {"text/event-stream;q=0.1, text/html", true},
        {"text/event-stream;q=0", false},
        {"text/event-stream;q=0.000, */*;q=0", false},
        {"text/event-stream;q=0.5, application/json", false},
        {"text/event-stream;q=0.5, */*", false},
        {"text/event-stream;q=0.5, application/*", false},
        {"text/event-stream;q=0.5, */*, application/json;q=0", true},
        {"text/event-streams", false},
        {"application/json, text/*, ,", false},
        {"*/*", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(accept_event_stream(str_from(cases[i].field)), cases[i].stream);
}

static void media_types_are_compared(void **state)
{
    struct str json = STR("application/json");

    (void)state;
    assert_true(media_type_is(STR("application/json"), json));
    assert_true(media_type_is(STR("Application/JSON; charset=UTF-8"), json));
    assert_true(media_type_is(STR("application/json;"), json));
    assert_true(media_type_is(STR(" application/json ;charset=\"utf-8\""), json));
    assert_false(media_type_is(STR("application/json; charset=latin1"), json));
    assert_true(media_type_has_other_charset(STR("application/json; charset=latin1")));
    assert_true(media_type_has_other_charset(STR("application/json;a=b; Charset=\"utf-16\"")));
    assert_false(media_type_has_other_charset(STR("application/json; charset=UTF-8")));
    assert_false(media_type_has_other_charset(STR("application/json; a=charset=latin1")));
    assert_false(media_type_has_other_charset(STR("application/json")));
    assert_false(media_type_is(STR("application/json-patch"), json));
    assert_false(media_type_is(STR("text/plain"), json));
    assert_false(media_type_is(str_make(NULL, 0), json));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_is_negotiated),
        cmocka_unit_test(streams_are_asked_for_by_name),
        cmocka_unit_test(media_types_are_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
