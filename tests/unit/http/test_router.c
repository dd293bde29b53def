/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "http/router.h"

static void handle(void *context, struct request *request, const struct route *route, struct str id)
{
    (void)context, (void)request, (void)route, (void)id;
}

static const struct route routes[] = {
    {METHOD_GET, STR_INIT("/api/products/{id}"), handle, NULL, 1},
    {METHOD_PUT, STR_INIT("/api/products/{id}"), handle, NULL, 2},
    {METHOD_GET, STR_INIT("/api/products"), handle, NULL, 3},
    {METHOD_POST, STR_INIT("/api/products"), handle, NULL, 4},
    {METHOD_GET, STR_INIT("/api/products/featured"), handle, NULL, 5},
    {METHOD_DELETE, STR_INIT("/api/sessions/current"), handle, NULL, 6},
    {METHOD_GET, STR_INIT("/api/products/{id}/stats"), handle, NULL, 7},
};

static unsigned find(enum method method, const char *path, const char *expected_id)
{
    struct router router = {.count = 0};
    const struct router_path *at;
    const struct route *route;
    struct str id;

    router_add(&router, routes, sizeof routes / sizeof *routes);
    at = router_find(&router, str_from(path), &id);
    if (at == NULL)
        return 0;
    assert_str(id, expected_id);
    route = router_route(at, method);
    return route != NULL ? route->flags : 99;
}

static void paths_find_their_routes(void **state)
{
    (void)state;
    assert_int_equal(find(METHOD_GET, "/api/products", ""), 3);
    assert_int_equal(find(METHOD_HEAD, "/api/products", ""), 3);
    assert_int_equal(find(METHOD_POST, "/api/products", ""), 4);
    assert_int_equal(find(METHOD_GET, "/api/products/abc", "abc"), 1);
    assert_int_equal(find(METHOD_PUT, "/api/products/abc", "abc"), 2);
    assert_int_equal(find(METHOD_GET, "/api/products/featured", ""), 5);
    assert_int_equal(find(METHOD_GET, "/api/products/abc/stats", "abc"), 7);
    assert_int_equal(find(METHOD_GET, "/api/products/stats", "stats"), 1);
    assert_int_equal(find(METHOD_GET, "/api/products/a/b/stats", ""), 0);
    assert_int_equal(find(METHOD_GET, "/api/products//stats", ""), 0);
    assert_int_equal(find(METHOD_DELETE, "/api/products/abc", "abc"), 99);
    assert_int_equal(find(METHOD_HEAD, "/api/sessions/current", ""), 99);
    assert_int_equal(find(METHOD_NONE, "/api/products", ""), 99);
    assert_int_equal(find(METHOD_OPTIONS, "/api/products", ""), 99);
}

static void other_paths_find_nothing(void **state)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "/api",
                                        "/api/products/",
                                        "/api/products/a/b",
                                        "/api//products",
                                        "/API/products",
                                        "/api/products/../products",
                                        "/api/productsx"};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(find(METHOD_GET, paths[i], ""), 0);
}

static void finished(struct request *request)
{
    (void)request;
}

static void refusals_say_what_is_allowed(void **state)
{
    struct router router = {.count = 0};
    struct request request = {.method = METHOD_OPTIONS, .on_finish = finished};
    const struct router_path *path;
    struct str id;

    (void)state;
    router_add(&router, routes, sizeof routes / sizeof *routes);
    path = router_find(&router, STR("/api/products/x"), &id);
    response_init(&request.response);
    router_refuse(path, &request);
    assert_int_equal(request.response.status, 204);
    assert_str(buf_view(&request.response.head), "Allow: GET, HEAD, PUT, OPTIONS\r\n");
    response_reset(&request.response, 0);
    request.method = METHOD_NONE;
    router_refuse(path, &request);
    assert_int_equal(request.response.status, 405);
    assert_true(str_starts(buf_view(&request.response.head), STR("Allow: GET, HEAD, PUT")));
    assert_true(str_starts(buf_view(&request.response.body), STR("{\"success\":false,")));
    response_free(&request.response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_find_their_routes),
        cmocka_unit_test(other_paths_find_nothing),
        cmocka_unit_test(refusals_say_what_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
