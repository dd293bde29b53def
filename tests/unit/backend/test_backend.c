/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "backend/backend.h"

/* The name for these settings. */
static void name_of(const char *redis, const char *mongo, const char *prefix, char *name)
{
    struct buf problems = BUF_INIT(4096);
    struct redis_url url = {0};
    struct config config;
    const char *why;

    config_init(&config);
    assert_int_equal(config_set(&config, CONFIG_REDIS_URL, str_from(redis), "", &problems), ERR_OK);
    assert_int_equal(config_set(&config, CONFIG_MONGODB_URI, str_from(mongo), "", &problems),
                     ERR_OK);
    assert_int_equal(config_set(&config, CONFIG_PREFIX, str_from(prefix), "", &problems), ERR_OK);
    assert_int_equal(redis_url_parse(str_from(redis), &url, &why), ERR_OK);
    backend_name(&config, &url, name);
    redis_url_free(&url);
    config_free(&config);
    buf_free(&problems);
}

#define REDIS "redis://127.0.0.1:6379/0"
#define MONGO "mongodb://127.0.0.1:27017/larder"

static void test_who_shares_entries_shares_memory(void **state)
{
    static const char *const same[][2] = {
        {"redis://localhost", MONGO},
        {"redis://:secret@127.0.0.1", MONGO},
        {"redis://LOCALHOST:6379/0", MONGO},
        {"redis://user:other@[::1]:6379", MONGO},
        {REDIS, "mongodb://127.0.0.1/larder"},
        {REDIS, "mongodb://u:p@localhost:27017/larder?authSource=admin"},
        {REDIS, "mongodb://u:p@Localhost/?w=1"},
        {REDIS, "mongodb://[::1]"},
    };
    char expected[MEMORY_NAME_MAX + 1], name[MEMORY_NAME_MAX + 1];

    (void)state;
    name_of(REDIS, MONGO, "larder", expected);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        name_of(same[i][0], same[i][1], "larder", name);
        assert_string_equal(name, expected);
    }
}

static void test_who_does_not_share_them_does_not(void **state)
{
    static const char *const other[][3] = {
        {"redis://127.0.0.1:6380/0", MONGO, "larder"},
        {"redis://127.0.0.1:6379/1", MONGO, "larder"},
        {"redis://cache", MONGO, "larder"},
        {"unix:///run/redis.sock", MONGO, "larder"},
        {REDIS, "mongodb://127.0.0.1:27018/larder", "larder"},
        {REDIS, "mongodb://127.0.0.1:27017/shop", "larder"},
        {REDIS, "mongodb://a,b/larder", "larder"},
        {REDIS, MONGO, "shop"},
    };
    char names[9][MEMORY_NAME_MAX + 1];

    (void)state;
    name_of(REDIS, MONGO, "larder", names[8]);
    for (size_t i = 0; i < 8; i++) {
        name_of(other[i][0], other[i][1], other[i][2], names[i]);
        assert_string_not_equal(names[i], names[8]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(names[i], names[j]);
    }
}

static void test_the_longest_name_fits(void **state)
{
    char name[MEMORY_NAME_MAX + 1];

    (void)state;
    name_of(REDIS, MONGO, "01234567890123456789012345678901", name);
    assert_true(strlen(name) < MEMORY_NAME_MAX - 10);
    assert_memory_equal(name, "larder-", 7);
}

static void test_problems_hold_no_password(void **state)
{
    struct buf problems = BUF_INIT(4096);
    struct config config;

    (void)state;
    config_init(&config);
    (void)config_set(&config, CONFIG_REDIS_URL, STR("redis://:hidden@h/77"), "", &problems);
    (void)config_set(&config, CONFIG_MONGODB_URI, STR("mongodb://u:hidden@h:99999999/"), "",
                     &problems);
    assert_int_not_equal(backend_check(&config, &problems), ERR_OK);
    assert_non_null(memmem(problems.ptr, problems.len, "REDIS_URL", 9));
    assert_non_null(memmem(problems.ptr, problems.len, "MONGODB_URI", 11));
    assert_null(memmem(problems.ptr, problems.len, "hidden", 6));
    config_free(&config);
    buf_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_shares_entries_shares_memory),
        cmocka_unit_test(test_who_does_not_share_them_does_not),
        cmocka_unit_test(test_the_longest_name_fits),
        cmocka_unit_test(test_problems_hold_no_password),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
