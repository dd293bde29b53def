/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdio.h>

#include "http/router.h"

static void handle(void *context, struct request *request, const struct route *route, struct str id)
{
    (void)context, (void)request, (void)route, (void)id;
}

static const struct route routes[] = {
    {METHOD_GET, STR_INIT("/api/products/{id}"), handle, NULL, NULL, 1},
    {METHOD_PUT, STR_INIT("/api/products/{id}"), handle, NULL, NULL, 2},
    {METHOD_GET, STR_INIT("/api/products"), handle, NULL, NULL, 3},
    {METHOD_POST, STR_INIT("/api/products"), handle, NULL, NULL, 4},
    {METHOD_GET, STR_INIT("/api/products/featured"), handle, NULL, NULL, 5},
    {METHOD_DELETE, STR_INIT("/api/sessions/current"), handle, NULL, NULL, 6},
    {METHOD_GET, STR_INIT("/api/products/{id}/stats"), handle, NULL, NULL, 7},
};

static unsigned find(enum method method, const char *path, const char *expected_id)
{
    struct router router = {.count = 0};
    const struct router_path *at;
    const struct route *route;
    struct str id;

    router_add(&router, routes, sizeof routes / sizeof *routes);
    at = router_find(&router, str_from(path), &id);
    if (at != NULL)
        assert_str(id, expected_id);
    route = at != NULL ? router_route(at, method) : NULL;
    router_free(&router);
    return at == NULL ? 0 : route != NULL ? route->flags : 99;
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
    router_free(&router);
}

/* However many there are. */
static void many_paths_are_found(void **state)
{
    enum { RESOURCES = 200 };
    static char names[RESOURCES][32], items[RESOURCES][40];
    static struct route all[2 * RESOURCES];
    struct router router = {.count = 0};
    struct str id;

    (void)state;
    for (unsigned i = 0; i < RESOURCES; i++) {
        int len = snprintf(names[i], sizeof names[i], "/api/things-%u", i);
        int item = snprintf(items[i], sizeof items[i], "%s/{id}", names[i]);
        all[2 * i] = (struct route){METHOD_GET, {names[i], (size_t)len}, handle, NULL, NULL, 2 * i};
        all[2 * i + 1] =
            (struct route){METHOD_GET, {items[i], (size_t)item}, handle, NULL, NULL, 2 * i + 1};
    }
    router_add(&router, all, 2 * RESOURCES);
    for (unsigned i = 0; i < RESOURCES; i++) {
        char path[48];
        int len = snprintf(path, sizeof path, "%s/7", names[i]);
        const struct router_path *list = router_find(&router, str_from(names[i]), &id);
        assert_int_equal(router_route(list, METHOD_GET)->flags, 2 * i);
        const struct router_path *item = router_find(&router, str_make(path, (size_t)len), &id);
        assert_int_equal(router_route(item, METHOD_GET)->flags, 2 * i + 1);
        assert_str(id, "7");
    }
    router_free(&router);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_paths_are_found),
        cmocka_unit_test(paths_find_their_routes),
        cmocka_unit_test(other_paths_find_nothing),
        cmocka_unit_test(refusals_say_what_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
