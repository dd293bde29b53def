/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdio.h>

#include "base/histogram.h"
#include "http/durations.h"

enum { LEAST = 72 }; /* places, however few paths there are */

static bool shows(const char *labels)
{
    struct buf text = BUF_INIT(1 << 20);
    bool found;

    histograms_text(&text);
    buf_char(&text, '\0');
    found = strstr(text.ptr, labels) != NULL;
    buf_free(&text);
    return found;
}

static void add(const char *route, unsigned methods, enum method method, unsigned status)
{
    struct durations durations = {.route = str_from(route), .methods = methods};

    durations_add(&durations, method, status, 1000000);
}

static void test_methods_and_classes_are_told_apart(void **state)
{
    struct durations durations = {.route = STR_INIT("/a"), .methods = METHOD_GET};

    (void)state;
    durations_limit(1);
    durations_add(&durations, METHOD_GET, 200, 1);
    durations_add(&durations, METHOD_GET, 204, 1);
    durations_add(&durations, METHOD_GET, 404, 1);
    durations_add(&durations, METHOD_DELETE, 405, 1);
    durations_add(&durations, METHOD_NONE, 405, 1);
    assert_true(shows("_count{route=\"/a\",method=\"GET\",status=\"2xx\"} 2\n"));
    assert_true(shows("_count{route=\"/a\",method=\"GET\",status=\"4xx\"} 1\n"));
    assert_true(shows("_count{route=\"/a\",method=\"DELETE\",status=\"4xx\"} 1\n"));
    assert_true(shows("_count{route=\"/a\",method=\"other\",status=\"4xx\"} 1\n"));
    assert_false(shows("route=\"/a\",method=\"GET\",status=\"5xx\""));
}

/* What nobody serves, asked for by whom it may be, leaves half of the places free. */
static void test_methods_that_a_path_has_not_take_half_of_the_places(void **state)
{
    char route[16];

    (void)state;
    durations_limit(1);
    for (int i = 0; i < LEAST; i++) {
        snprintf(route, sizeof route, "/refused/%d", i);
        add(route, METHOD_GET, METHOD_PUT, 405);
    }
    assert_true(shows("route=\"/refused/0\""));
    assert_false(shows("route=\"/refused/71\""));
    assert_true(shows("_bucket{route=\"other\",method=\"other\",status=\"4xx\""));
    add("/served", METHOD_GET, METHOD_GET, 200);
    assert_true(shows("route=\"/served\",method=\"GET\",status=\"2xx\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods_and_classes_are_told_apart),
        cmocka_unit_test(test_methods_that_a_path_has_not_take_half_of_the_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
