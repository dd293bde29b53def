/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis_server.h"

#include "redis/redis_trial.h"

struct told {
    unsigned count;
    enum err err;
    char why[300];
};

static void on_told(void *context, enum err err, const char *why)
{
    struct told *told = context;

    told->count++;
    told->err = err;
    snprintf(told->why, sizeof told->why, "%s", why != NULL ? why : "");
}

static int setup(void **state)
{
    static struct server server;

    server_init(&server);
    *state = &server;
    return 0;
}

static int teardown(void **state)
{
    server_free(*state);
    return 0;
}

/* What the trial says of a server with these options. */
static struct told try_server(struct server *server, const char *const *options)
{
    struct told told = {0};
    uv_loop_t loop;
    struct redis *redis;

    server_start(server, options);
    redis = client_start(server, &loop);
    redis_try(redis, STR("t"), on_told, &told);
    assert_int_equal(told.count, 0);
    wait_until(&loop, told.count > 0);
    client_end(redis, &loop);
    server_kill(server);
    assert_int_equal(told.count, 1);
    return told;
}

static void test_a_good_server(void **state)
{
    struct told told = try_server(*state, NULL);

    assert_int_equal(told.err, ERR_OK);
    assert_string_equal(told.why, "");
}

static void test_one_that_is_full(void **state)
{
    const char *const options[] = {"--maxmemory", "1", NULL};

    assert_int_equal(try_server(*state, options).err, ERR_OK);
}

static void test_commands_renamed_away(void **state)
{
    static const char *const names[] = {"MGET", "EVAL", "EVALSHA"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *const options[] = {"--rename-command", names[i], "", NULL};
        struct told told = try_server(*state, options);
        char lead[64];
        snprintf(lead, sizeof lead, "%s is refused: ERR unknown command", names[i]);
        assert_int_equal(told.err, ERR_DENIED);
        assert_true(str_starts(str_from(told.why), str_from(lead)));
        assert_null(strstr(told.why, "args"));
    }
}

static void test_commands_of_scripts(void **state)
{
    static const char *const names[] = {"TIME", "GET",      "SET", "PEXPIRE",
                                        "PTTL", "GETRANGE", "DEL", "UNLINK"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *const options[] = {"--rename-command", names[i], "", NULL};
        struct told told = try_server(*state, options);
        char lead[64];
        snprintf(lead, sizeof lead, "%s is refused: ", names[i]);
        assert_int_equal(told.err, ERR_DENIED);
        assert_true(str_starts(str_from(told.why), str_from(lead)));
    }
}

/* One that does not say so by itself. */
static void test_a_cluster(void **state)
{
    const char *const options[] = {"--cluster-enabled", "yes", NULL};
    struct told told = try_server(*state, options);

    assert_int_equal(told.err, ERR_DENIED);
    assert_string_equal(told.why, redis_cluster_text);
    assert_true(
        redis_is_cluster(STR("# Server\r\nredis_version:7.0.15\r\nredis_mode:cluster\r\n")));
    assert_true(redis_is_cluster(STR("# Server\r\nserver_mode:cluster\r\n")));
    assert_false(redis_is_cluster(STR("redis_mode:standalone\r\nother:redis_mode:cluster\r\n")));
}

/* What Redis does not know it repeats, with its arguments. */
static void test_no_password_is_told(void **state)
{
    struct server *server = *state;
    const char *const options[] = {"--rename-command", "AUTH", "", NULL};
    char socket[sizeof server->url];
    uv_loop_t loop;
    struct redis *redis;

    snprintf(socket, sizeof socket, "%s", server->url);
    snprintf(server->url, sizeof server->url, "unix://user:secret@%s", server->socket);
    server_start(server, options);
    redis = client_make(server, &loop, (struct redis_config){.backoff_step_ms = 10000});
    redis_wake(redis);
    wait_until(&loop, redis_is(redis, REDIS_BACKOFF));
    assert_non_null(strstr(redis_reason(redis), "AUTH"));
    assert_null(strstr(redis_reason(redis), "secret"));
    client_end(redis, &loop);
    snprintf(server->url, sizeof server->url, "%s", socket);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_good_server),
        CASE(test_one_that_is_full),
        CASE(test_commands_renamed_away),
        CASE(test_commands_of_scripts),
        CASE(test_a_cluster),
        CASE(test_no_password_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
