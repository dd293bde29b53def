/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "app/client.h"
#include "http/request.h"

enum { PARAMS_MAX = 4 };

/* A request as nginx hands it over; the names are those of CGI. */
struct given {
    const char *params[2 * PARAMS_MAX];
};

static struct request request_of(const struct given *given, struct param params[static PARAMS_MAX])
{
    struct request request = {.params = params};

    for (size_t i = 0; i < PARAMS_MAX && given->params[2 * i] != NULL; i++)
        params[request.param_count++] =
            (struct param){str_from(given->params[2 * i]), str_from(given->params[2 * i + 1])};
    return request;
}

static struct proxies trusted(const char *text)
{
    struct proxies proxies;

    assert_int_equal(networks_parse(str_from(text), proxies.networks, &proxies.count), ERR_OK);
    return proxies;
}

static void assert_client(const struct given *given, const char *expected)
{
    struct proxies proxies = trusted("127.0.0.1, 10.0.0.0/8, ::1");
    struct param params[PARAMS_MAX];
    struct request request = request_of(given, params);
    char room[CLIENT_MAX];

    assert_str(client_address(&proxies, &request, room), expected);
}

static void test_clients(void **state)
{
    static const struct {
        const char *address, *name;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"}, /* a socket for both */
        {"2001:db8:1:2::1", "20010db800010002"},
        {"2001:db8:1:2:ffff::9", "20010db800010002"}, /* of one network */
        {"2001:db8:1:3::1", "20010db800010003"},
        {"", "unknown"},
        {"nonsense", "nonsense"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_client(&(struct given){{"REMOTE_ADDR", cases[i].address}}, cases[i].name);
}

static void test_clients_of_proxies(void **state)
{
    static const struct {
        const char *address, *forwarded, *more, *name;
    } cases[] = {
        {"127.0.0.1", "198.51.100.7", NULL, "198.51.100.7"},
        {"::ffff:127.0.0.1", "198.51.100.7", NULL, "198.51.100.7"},
        {"10.1.2.3", "2001:db8:1:2::1", NULL, "20010db800010002"},
        /* What the client has written itself stands first. */
        {"127.0.0.1", "203.0.113.1, 198.51.100.7", NULL, "198.51.100.7"},
        {"127.0.0.1", "198.51.100.7, 10.0.0.9,10.0.0.8", NULL, "198.51.100.7"},
        {"127.0.0.1", "203.0.113.1", "198.51.100.7", "198.51.100.7"}, /* a header each */
        {"127.0.0.1", "203.0.113.1", "10.0.0.9", "203.0.113.1"},
        {"127.0.0.1", "10.0.0.9, 10.0.0.8", NULL, "10.0.0.9"},
        {"127.0.0.1", "nonsense", NULL, "127.0.0.1"},
        {"127.0.0.1", "nonsense, 10.0.0.8", NULL, "10.0.0.8"},
        {"127.0.0.1", "", NULL, "127.0.0.1"},
        /* Whom we do not trust may say what they like. */
        {"192.0.2.7", "198.51.100.7", NULL, "192.0.2.7"},
        {"11.0.0.1", "198.51.100.7", NULL, "11.0.0.1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_client(
            &(struct given){{"REMOTE_ADDR", cases[i].address, "HTTP_X_FORWARDED_FOR",
                             cases[i].forwarded,
                             cases[i].more != NULL ? "HTTP_X_FORWARDED_FOR" : NULL, cases[i].more}},
            cases[i].name);
}

static bool is_secure(struct given given, const char *proxies_text)
{
    struct proxies proxies = trusted(proxies_text);
    struct param params[PARAMS_MAX];
    struct request request = request_of(&given, params);

    return client_is_secure(&proxies, &request);
}

static void test_who_is_secure(void **state)
{
    static const char local[] = "127.0.0.1", proto[] = "HTTP_X_FORWARDED_PROTO";

    (void)state;
    assert_false(is_secure((struct given){{"REMOTE_ADDR", local}}, local));
    assert_true(is_secure((struct given){{"REMOTE_ADDR", "192.0.2.7", "HTTPS", "on"}}, "none"));
    assert_true(is_secure((struct given){{"REMOTE_ADDR", local, proto, "https"}}, local));
    assert_true(is_secure((struct given){{"REMOTE_ADDR", local, proto, "HTTPS, http"}}, local));
    assert_false(is_secure((struct given){{"REMOTE_ADDR", local, proto, "http"}}, local));
    assert_false(is_secure((struct given){{"REMOTE_ADDR", local, proto, ""}}, local));
    assert_false(is_secure((struct given){{"REMOTE_ADDR", local, proto, "https"}}, "none"));
    assert_false(is_secure((struct given){{"REMOTE_ADDR", "192.0.2.7", proto, "https"}}, local));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clients),
        cmocka_unit_test(test_clients_of_proxies),
        cmocka_unit_test(test_who_is_secure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
