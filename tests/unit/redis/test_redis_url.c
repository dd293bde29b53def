/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "redis/redis_url.h"

struct good {
    const char *text, *user, *password, *host, *path;
    unsigned port, db;
    const char *name;
};

static void test_good(void **state)
{
    static const struct good cases[] = {
        {"redis://localhost", NULL, NULL, "localhost", NULL, 6379, 0, "localhost:6379/0"},
        {"redis://", NULL, NULL, "127.0.0.1", NULL, 6379, 0, "127.0.0.1:6379/0"},
        {"REDIS://h:1/15", NULL, NULL, "h", NULL, 1, 15, "h:1/15"},
        {"valkey://h:1/3", NULL, NULL, "h", NULL, 1, 3, "h:1/3"},
        {"ValKey://:p@h", NULL, "p", "h", NULL, 6379, 0, "h:6379/0"},
        {"redis://u:p?q,r@h", "u", "p?q,r", "h", NULL, 6379, 0, "h:6379/0"},
        {"redis://:s%40c@h:7/", NULL, "s@c", "h", NULL, 7, 0, "h:7/0"},
        {"redis://u:p@q@h", "u", "p@q", "h", NULL, 6379, 0, "h:6379/0"},
        {"redis://u%3a:p@[::1]:65535/3", "u:", "p", "::1", NULL, 65535, 3, "[::1]:65535/3"},
        {"unix:///run/r.sock", NULL, NULL, NULL, "/run/r.sock", 6379, 0, "unix:/run/r.sock/0"},
        {"unix://:p@/run/a%20b?db=2", NULL, "p", NULL, "/run/a b", 6379, 2, "unix:/run/a b/2"},
        {"redis+unix:///s?db=0", NULL, NULL, NULL, "/s", 6379, 0, "unix:/s/0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct good *want = &cases[i];
        const char *why = NULL;
        char name[64];
        struct redis_url url, twin;
        assert_int_equal(redis_url_parse(str_from(want->text), &url, &why), ERR_OK);
        assert_true(str_eq(str_from(url.user), str_from(want->user)));
        assert_true(str_eq(str_from(url.password), str_from(want->password)));
        assert_true(str_eq(str_from(url.host), str_from(want->host)));
        assert_true(str_eq(str_from(url.path), str_from(want->path)));
        assert_int_equal(url.port, want->port);
        assert_int_equal(url.db, want->db);
        redis_url_copy(&twin, &url);
        redis_url_free(&url);
        redis_url_name(&twin, name, sizeof name);
        assert_string_equal(name, want->name);
        redis_url_free(&twin);
    }
}

static void test_bad(void **state)
{
    static const struct {
        const char *text;
        enum err err;
    } cases[] = {
        {"", ERR_SYNTAX},
        {"http://h", ERR_SYNTAX},
        {"localhost:6379", ERR_SYNTAX},
        {"redis://h:0", ERR_RANGE},
        {"redis://h:65536", ERR_RANGE},
        {"redis://h:x", ERR_SYNTAX},
        {"redis://h/16", ERR_RANGE},
        {"redis://h/-1", ERR_SYNTAX},
        {"redis://h/1x", ERR_SYNTAX},
        {"redis://[::1", ERR_SYNTAX},
        {"redis://[::1]x", ERR_SYNTAX},
        {"redis://:secret%00@h", ERR_SYNTAX},
        {"redis://:secret%zz@h", ERR_SYNTAX},
        {"redis://secret@h", ERR_SYNTAX},
        {"redis://a b", ERR_SYNTAX},
        {"unix://relative", ERR_SYNTAX},
        {"unix:///s?x=1", ERR_SYNTAX},
        {"unix:///s#secret", ERR_SYNTAX},
        {"unix:///s?db=99", ERR_RANGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why = NULL;
        struct redis_url url = {0};
        assert_int_equal(redis_url_parse(str_from(cases[i].text), &url, &why), cases[i].err);
        assert_non_null(why);
        assert_null(strstr(why, "secret"));
        assert_null(url.host);
    }
}

static void test_what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *text, *named;
    } cases[] = {
        {"redis://h:1?db=3", "query"},
        {"redis://h/0?timeout=5", "query"},
        {"valkey://h?db=1", "query"},
        {"redis://h1:26379,h2:26379", "list"},
        {"redis://:p@h1,h2/0", "list"},
        {"redis://h/31", "database"},
        {"redis://secret@h/0", "redis://:password@host"},
        {"http://h", "valkeys://"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why = NULL;
        struct redis_url url;
        assert_int_not_equal(redis_url_parse(str_from(cases[i].text), &url, &why), ERR_OK);
        assert_non_null(strstr(why, cases[i].named));
    }
}

static void test_bounds(void **state)
{
    static char text[REDIS_URL_MAX + 2] = "redis://";
    const char *why = NULL;
    struct redis_url url;

    (void)state;
    memset(text + 8, 'a', sizeof text - 9);
    assert_int_equal(redis_url_parse(str_from(text), &url, &why), ERR_TOO_LARGE);
    assert_int_equal(redis_url_parse(str_make(text, 8 + 256), &url, &why), ERR_SYNTAX);
    assert_int_equal(redis_url_parse(str_make(text, 8 + 255), &url, &why), ERR_OK);
    redis_url_free(&url);
}

static void test_tls(void **state)
{
    const char *why = NULL;
    struct redis_url url;

    (void)state;
#ifdef HAVE_HIREDIS_SSL
    assert_int_equal(redis_url_parse(STR("rediss://h"), &url, &why), ERR_OK);
    assert_true(url.tls);
    redis_url_free(&url);
    assert_int_equal(redis_url_parse(STR("Valkeys://h"), &url, &why), ERR_OK);
    assert_true(url.tls);
    redis_url_free(&url);
#else
    assert_int_equal(redis_url_parse(STR("rediss://h"), &url, &why), ERR_UNSUPPORTED);
    assert_non_null(strstr(why, "hiredis_ssl"));
    assert_int_equal(redis_url_parse(STR("Valkeys://h"), &url, &why), ERR_UNSUPPORTED);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_what_is_wrong_is_named),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
