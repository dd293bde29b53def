/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdio.h>

#include "base/idiom.h"
#include "http/cors.h"

/* The header lines of an answer to a request of this method, from a page of this origin. */
struct asked {
    const char *origins, *method, *origin, *wanted; /* wanted: Access-Control-Request-Method */
};

static bool answer(const struct asked *asked, struct request *request)
{
    static struct param params[2];
    struct cors cors;

    memset(request, 0, sizeof *request);
    response_init(&request->response);
    request->method = method_parse(str_from(asked->method));
    params[0] = (struct param){STR("HTTP_ORIGIN"), str_from(asked->origin)};
    params[1] = (struct param){STR("HTTP_ACCESS_CONTROL_REQUEST_METHOD"), str_from(asked->wanted)};
    request->params = params;
    request->param_count = COUNT(params);
    cors_init(&cors, str_from(asked->origins));
    cors_answer(&cors, request);
    buf_char(&request->response.head, '\0');
    return cors_is_preflight(&cors, request);
}

static void test_answers(void **state)
{
    static const struct {
        struct asked asked;
        const char *allowed; /* NULL: no line at all */
        unsigned vary;
        bool credentials, preflight;
    } cases[] = {
        {{"", "GET", "https://a", NULL}, NULL, 0, false, false},
        {{"https://a", "GET", "https://a", NULL}, "https://a", VARY_ORIGIN, true, false},
        {{"https://a", "GET", NULL, NULL}, NULL, VARY_ORIGIN, false, false},
        {{"https://a", "GET", "https://b", NULL}, NULL, VARY_ORIGIN, false, false},
        {{"https://a", "GET", "https://a.b", NULL}, NULL, VARY_ORIGIN, false, false},
        {{"https://b, https://a", "PUT", "https://a", NULL}, "https://a", VARY_ORIGIN, true, false},
        {{"https://a", "OPTIONS", "https://a", "PUT"}, "https://a", VARY_ORIGIN, true, true},
        {{"https://a", "OPTIONS", "https://b", "PUT"}, NULL, VARY_ORIGIN, false, false},
        {{"https://a", "GET", "https://a", "PUT"}, "https://a", VARY_ORIGIN, true, false},
        {{"*", "GET", NULL, NULL}, "*", 0, false, false},
        {{"*", "HEAD", "https://b", NULL}, "*", 0, false, false},
        {{"*", "PUT", "https://b", NULL}, NULL, 0, false, false},
        {{"*", "GET", "*", NULL}, "*", 0, false, false},
        {{"*", "OPTIONS", "https://b", "GET"}, "*", 0, false, true},
        {{"*", "OPTIONS", "https://b", "DELETE"}, NULL, 0, false, false},
        {{"*,https://a", "PUT", "https://a", NULL}, "https://a", VARY_ORIGIN, true, false},
        {{"*,https://a", "GET", "https://b", NULL}, "*", VARY_ORIGIN, false, false},
        {{"*,https://a", "PUT", "*", NULL}, NULL, VARY_ORIGIN, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct request request;
        char line[100];
        assert_int_equal(answer(&cases[i].asked, &request), cases[i].preflight);
        snprintf(line, sizeof line, "Access-Control-Allow-Origin: %s\r\n", cases[i].allowed);
        if (cases[i].allowed != NULL)
            assert_non_null(strstr(request.response.head.ptr, line));
        else
            assert_string_equal(request.response.head.ptr, "");
        assert_int_equal(strstr(request.response.head.ptr, "Credentials: true") != NULL,
                         cases[i].credentials);
        assert_int_equal(strstr(request.response.head.ptr, "Max-Age") != NULL, cases[i].preflight);
        assert_int_equal(request.response.vary, cases[i].vary);
        response_free(&request.response);
    }
}

static void test_a_star_may_not_sign_in(void **state)
{
    struct request request;

    (void)state;
    answer(&(struct asked){"*", "OPTIONS", "https://b", "GET"}, &request);
    assert_null(strstr(request.response.head.ptr, "Authorization"));
    assert_null(strstr(request.response.head.ptr, "PUT"));
    response_free(&request.response);
    answer(&(struct asked){"https://b", "OPTIONS", "https://b", "GET"}, &request);
    assert_non_null(strstr(request.response.head.ptr, "Authorization"));
    assert_non_null(strstr(request.response.head.ptr, "DELETE"));
    response_free(&request.response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_a_star_may_not_sign_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
