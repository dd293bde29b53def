/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis_server.h"

#include "base/log.h"
#include "redis/redis.h"
#include "redis/redis_listener.h"

struct fixture {
    struct server server;
    uv_loop_t loop;
    struct redis *redis;
    unsigned states[REDIS_CLOSING + 1];
    uint64_t tried_ms; /* by the loop's clock */
    bool closed;
};

/* The last answer, copied. */
struct answer {
    unsigned count;
    enum err err;
    enum redis_type type;
    int64_t integer;
    char text[64];
};

static void on_answer(void *context, enum err err, const struct redis_value *reply)
{
    struct answer *answer = context;
    struct str text = redis_str(reply);

    answer->count++;
    answer->err = err;
    answer->type = redis_type(reply);
    answer->integer = redis_int(reply);
    memset(answer->text, 0, sizeof answer->text);
    if (text.len > 0)
        memcpy(answer->text, text.ptr, text.len < 63 ? text.len : 63);
}

static void on_state(void *context, struct redis *redis, enum redis_state state)
{
    struct fixture *fixture = context;

    assert_int_equal(redis_state(redis), state);
    fixture->states[state]++;
    if (state == REDIS_CONNECTING)
        fixture->tried_ms = uv_now(&fixture->loop);
}

static void client_new(struct fixture *fixture, struct redis_config config, const char *text)
{
    struct redis_url url;
    const char *why;

    assert_int_equal(redis_url_parse(str_from(text), &url, &why), ERR_OK);
    config.loop = &fixture->loop;
    config.url = &url;
    config.name = "test";
    config.on_state = on_state;
    if (config.context == NULL)
        config.context = fixture;
    /* Patient, unless a test is about it: valgrind makes all of this slow. */
    if (config.connect_timeout_ms == 0)
        config.connect_timeout_ms = 5000;
    if (config.command_timeout_ms == 0)
        config.command_timeout_ms = 5000;
    fixture->redis = redis_new(&config);
    redis_url_free(&url);
}

static void on_closed(void *context)
{
    *(bool *)context = true;
}

static void client_close(struct fixture *fixture)
{
    redis_close(fixture->redis, on_closed, &fixture->closed);
    wait_until(&fixture->loop, fixture->closed);
    fixture->closed = false;
    fixture->redis = NULL;
    memset(fixture->states, 0, sizeof fixture->states);
}

static void client_up(struct fixture *fixture)
{
    redis_wake(fixture->redis);
    wait_until(&fixture->loop, redis_ready(fixture->redis));
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    log_setup(getenv("TEST_LOG") != NULL ? LOG_DEBUG : LOG_OFF, LOG_TEXT);
    signal(SIGPIPE, SIG_IGN);
    server_init(&fixture->server);
    server_start(&fixture->server, NULL);
    uv_loop_init(&fixture->loop);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    if (fixture->redis != NULL) /* the test has failed */
        client_close(fixture);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    server_free(&fixture->server);
    free(fixture);
    return 0;
}

#define ARGS(...)                                                                                  \
    sizeof((struct str[]){__VA_ARGS__}) / sizeof(struct str), (struct str[])                       \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void ask(struct fixture *fixture, struct answer *answer, size_t argc, const struct str *argv)
{
    unsigned before = answer->count;

    redis_command(fixture->redis, argc, argv, on_answer, answer);
    assert_int_equal(answer->count, before);
    wait_until(&fixture->loop, answer->count == before + 1);
}

static void on_stats(void *context, enum err err, const struct redis_value *reply)
{
    static const char name[] = "total_reads_processed:";
    const char *at;

    assert_int_equal(err, ERR_OK);
    at = strstr(redis_str(reply).ptr, name);
    assert_non_null(at);
    *(uint64_t *)context = strtoull(at + strlen(name), NULL, 10);
}

/* How often Redis has read from its clients. */
static uint64_t count_reads(struct fixture *fixture)
{
    uint64_t reads = 0;

    redis_command(fixture->redis, ARGS(STR("INFO"), STR("stats")), on_stats, &reads);
    wait_until(&fixture->loop, reads > 0);
    return reads;
}

static void test_commands(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};
    uint64_t reads;

    client_new(fixture, (struct redis_config){0}, fixture->server.url);
    assert_int_equal(redis_state(fixture->redis), REDIS_IDLE);
    /* Not ready: fails, later, and wakes. */
    ask(fixture, &answer, ARGS(STR("GET"), STR("a")));
    assert_int_equal(answer.err, ERR_UNAVAILABLE);
    client_up(fixture);
    assert_int_equal(fixture->states[REDIS_PREPARING], 1);
    assert_true(redis_writable(fixture->redis));

    ask(fixture, &answer, ARGS(STR("SET"), STR("a"), str_make("x\0y\r\n", 5)));
    assert_int_equal(answer.type, REDIS_STATUS);
    ask(fixture, &answer, ARGS(STR("STRLEN"), STR("a")));
    assert_int_equal(answer.integer, 5);
    ask(fixture, &answer, ARGS(STR("GET"), STR("none")));
    assert_int_equal(answer.err, ERR_OK);
    assert_int_equal(answer.type, REDIS_NIL);
    ask(fixture, &answer, ARGS(STR("NOSUCH")));
    assert_int_equal(answer.err, ERR_PROTOCOL);
    ask(fixture, &answer, ARGS(STR("SET"), STR("empty"), str_make(NULL, 0)));
    assert_int_equal(answer.err, ERR_OK);

    /* What is issued in one turn leaves in one write: Redis has the time to read what would have
     * left before. */
    reads = count_reads(fixture);
    answer.count = 0;
    for (int i = 0; i < 100; i++) {
        redis_command(fixture->redis, ARGS(STR("INCR"), STR("n")), on_answer, &answer);
        poll(NULL, 0, 1);
    }
    wait_until(&fixture->loop, answer.count == 100);
    assert_int_equal(answer.integer, 100);
    assert_int_equal(count_reads(fixture), reads + 2); /* with the question itself */
    client_close(fixture);
}

/* More than a socket takes at once, both ways. */
static void test_large(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};
    size_t size = 1 << 20;
    char *bytes = malloc(size);

    memset(bytes, 'x', size);
    client_new(fixture, (struct redis_config){.command_timeout_ms = 5000}, fixture->server.url);
    client_up(fixture);
    for (int i = 0; i < 4; i++)
        redis_command(fixture->redis, ARGS(STR("SET"), STR("big"), str_make(bytes, size)),
                      on_answer, &answer);
    wait_until(&fixture->loop, answer.count == 4);
    assert_int_equal(answer.err, ERR_OK);
    ask(fixture, &answer, ARGS(STR("GET"), STR("big")));
    assert_int_equal(answer.type, REDIS_STRING);
    assert_int_equal(answer.text[62], 'x');
    client_close(fixture);
    free(bytes);
}

static void test_scripts(void **state)
{
    static struct redis_script script = {.text = STR_INIT("return KEYS[1] .. ARGV[1] .. #ARGV")};
    static struct redis_script write = {.text = STR_INIT("return redis.call('SET', KEYS[1], '1')")};
    struct fixture *fixture = *state;
    struct answer answer = {0};
    struct str keys[] = {STR("k")}, args[] = {STR("a"), {NULL, 0}};

    client_new(fixture, (struct redis_config){0}, fixture->server.url);
    client_up(fixture);
    for (unsigned i = 1; i <= 3; i++) {
        redis_script(fixture->redis, &script, keys, 1, args, 2, on_answer, &answer);
        wait_until(&fixture->loop, answer.count == i);
        assert_int_equal(answer.err, ERR_OK);
        assert_string_equal(answer.text, "ka2");
    }
    ask(fixture, &answer, ARGS(STR("SCRIPT"), STR("FLUSH")));
    redis_script(fixture->redis, &script, keys, 1, args, 2, on_answer, &answer);
    wait_until(&fixture->loop, answer.count == 5);
    assert_string_equal(answer.text, "ka2");
    ask(fixture, &answer, ARGS(STR("SCRIPT"), STR("EXISTS"), str_make(script.sha, 40)));
    assert_int_equal(answer.type, REDIS_ARRAY);

    /* A write refused inside a script is told apart too. */
    ask(fixture, &answer, ARGS(STR("REPLICAOF"), STR("127.0.0.1"), STR("1")));
    redis_script(fixture->redis, &write, keys, 1, NULL, 0, on_answer, &answer);
    wait_until(&fixture->loop, answer.count == 8);
    assert_int_equal(answer.err, ERR_READ_ONLY);
    client_close(fixture);
}

static void test_refused_writes(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};

    client_new(fixture, (struct redis_config){.probe_ms = 10}, fixture->server.url);
    client_up(fixture);
    ask(fixture, &answer, ARGS(STR("SET"), STR("a"), STR("1")));
    ask(fixture, &answer, ARGS(STR("CONFIG"), STR("SET"), STR("maxmemory"), STR("1")));
    assert_int_equal(answer.err, ERR_OK);
    assert_true(redis_writable(fixture->redis));
    ask(fixture, &answer, ARGS(STR("SET"), STR("a"), STR("2")));
    assert_int_equal(answer.err, ERR_READ_ONLY);
    assert_false(redis_writable(fixture->redis));
    assert_true(redis_ready(fixture->redis));
    ask(fixture, &answer, ARGS(STR("GET"), STR("a")));
    assert_string_equal(answer.text, "1");
    ask(fixture, &answer, ARGS(STR("CONFIG"), STR("SET"), STR("maxmemory"), STR("0")));
    wait_until(&fixture->loop, redis_writable(fixture->redis));
    ask(fixture, &answer, ARGS(STR("REPLICAOF"), STR("127.0.0.1"), STR("1")));
    ask(fixture, &answer, ARGS(STR("SET"), STR("a"), STR("2")));
    assert_int_equal(answer.err, ERR_READ_ONLY);
    ask(fixture, &answer, ARGS(STR("REPLICAOF"), STR("NO"), STR("ONE")));
    wait_until(&fixture->loop, redis_writable(fixture->redis));
    client_close(fixture);
}

static void test_timeout(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};
    uint64_t generation;
    int64_t began, took;

    client_new(fixture, (struct redis_config){.command_timeout_ms = 50}, fixture->server.url);
    client_up(fixture);
    generation = redis_generation(fixture->redis);
    kill(fixture->server.pid, SIGSTOP);
    began = clock_mono_ms();
    redis_command(fixture->redis, ARGS(STR("SET"), STR("late"), STR("1")), on_answer, &answer);
    redis_command(fixture->redis, ARGS(STR("GET"), STR("late")), on_answer, &answer);
    wait_until(&fixture->loop, answer.count == 2);
    took = clock_mono_ms() - began;
    assert_int_equal(answer.err, ERR_TIMEOUT);
    assert_true(took >= 49 && took < 500);
    assert_int_equal(redis_state(fixture->redis), REDIS_BACKOFF);
    kill(fixture->server.pid, SIGCONT);
    wait_until(&fixture->loop, redis_ready(fixture->redis));
    assert_true(redis_generation(fixture->redis) > generation);
    ask(fixture, &answer, ARGS(STR("ECHO"), STR("fresh")));
    assert_string_equal(answer.text, "fresh");
    client_close(fixture);
}

/* A loop that was held up longer than the timeout takes the answer that is there already. */
static void test_stalled_loop(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};

    client_new(fixture, (struct redis_config){.command_timeout_ms = 100}, fixture->server.url);
    client_up(fixture);
    redis_command(fixture->redis, ARGS(STR("ECHO"), STR("here")), on_answer, &answer);
    uv_run(&fixture->loop, UV_RUN_NOWAIT); /* sends it */
    poll(NULL, 0, 300);
    wait_until(&fixture->loop, answer.count == 1);
    assert_int_equal(answer.err, ERR_OK);
    client_close(fixture);
}

/* A command's time does not run before it is sent. */
static void test_busy_before_sending(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};

    client_new(fixture, (struct redis_config){.command_timeout_ms = 50}, fixture->server.url);
    client_up(fixture);
    redis_command(fixture->redis, ARGS(STR("ECHO"), STR("here")), on_answer, &answer);
    poll(NULL, 0, 150);
    wait_until(&fixture->loop, answer.count == 1);
    assert_int_equal(answer.err, ERR_OK);
    client_close(fixture);
}

/* Redis is held up as well, as a whole host may be: it has its time from then on. */
static void test_stalled_host(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};

    client_new(fixture, (struct redis_config){.command_timeout_ms = 1000}, fixture->server.url);
    client_up(fixture);
    kill(fixture->server.pid, SIGSTOP);
    redis_command(fixture->redis, ARGS(STR("ECHO"), STR("here")), on_answer, &answer);
    uv_run(&fixture->loop, UV_RUN_NOWAIT); /* sends it */
    poll(NULL, 0, 1500);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_int_equal(answer.count, 0);
    kill(fixture->server.pid, SIGCONT);
    wait_until(&fixture->loop, answer.count == 1);
    assert_int_equal(answer.err, ERR_OK);
    client_close(fixture);
}

/* Asks until one question has become a probe, and waits for its end. */
static void ask_until_probed(struct fixture *fixture)
{
    unsigned tries = fixture->states[REDIS_CONNECTING];
    int64_t end = clock_mono_ms() + SERVER_WAIT_MS;
    struct answer answer = {0};

    while (fixture->states[REDIS_CONNECTING] == tries && clock_mono_ms() < end) {
        ask(fixture, &answer, ARGS(STR("GET"), STR("a")));
        assert_int_equal(answer.err, ERR_UNAVAILABLE);
    }
    assert_int_equal(fixture->states[REDIS_CONNECTING], tries + 1);
    wait_until(&fixture->loop, redis_is(fixture->redis, REDIS_DORMANT));
}

static void test_reconnect(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};

    client_new(fixture, (struct redis_config){.backoff_step_ms = 1, .tries = 4, .wake_ms = 100},
               fixture->server.url);
    client_up(fixture);
    server_kill(&fixture->server);
    wait_until(&fixture->loop, redis_is(fixture->redis, REDIS_DORMANT));
    assert_int_equal(fixture->states[REDIS_BACKOFF], 3);
    /* Dormant: one probe each wake_ms, however many ask. */
    for (unsigned probes = 1; probes <= 3; probes++) {
        uint64_t tried_ms = fixture->tried_ms;
        ask_until_probed(fixture);
        assert_true(fixture->tried_ms - tried_ms >= 100);
        assert_int_equal(fixture->states[REDIS_DORMANT], 1 + probes);
    }
    server_start(&fixture->server, NULL);
    for (int i = 0; !redis_ready(fixture->redis) && i < 1000; i++) {
        poll(NULL, 0, 5);
        ask(fixture, &answer, ARGS(STR("GET"), STR("a")));
    }
    assert_true(redis_ready(fixture->redis));
    client_close(fixture);
}

/* The server goes while answers are awaited: each callback is called once, with an error. */
static void test_killed(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};

    client_new(fixture, (struct redis_config){.backoff_step_ms = 1, .command_timeout_ms = 5000},
               fixture->server.url);
    client_up(fixture);
    for (int i = 0; i < 10; i++)
        redis_command(fixture->redis, ARGS(STR("BLPOP"), STR("q"), STR("0")), on_answer, &answer);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    server_kill(&fixture->server);
    wait_until(&fixture->loop, answer.count == 10);
    assert_int_equal(answer.err, ERR_UNAVAILABLE);
    client_close(fixture);
}

static void nested(void *context, enum err err, const struct redis_value *reply)
{
    struct fixture *fixture = context;

    (void)reply;
    if (err != ERR_OK && err != ERR_CANCELED) {
        assert_false(redis_ready(fixture->redis));
        redis_command(fixture->redis, ARGS(STR("PING")), nested, fixture);
    }
}

static void test_close_with_pending(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};

    client_new(fixture, (struct redis_config){0}, fixture->server.url);
    client_up(fixture);
    for (int i = 0; i < 10; i++)
        redis_command(fixture->redis, ARGS(STR("INCR"), STR("m")), on_answer, &answer);
    client_close(fixture);
    assert_int_equal(answer.count, 10);
    assert_int_equal(answer.err, ERR_OK);
    assert_int_equal(answer.integer, 10);

    /* While connecting, and with a callback that asks again. */
    client_new(fixture, (struct redis_config){0}, fixture->server.url);
    redis_command(fixture->redis, ARGS(STR("PING")), nested, fixture);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    client_close(fixture);
    client_new(fixture, (struct redis_config){0}, fixture->server.url);
    client_close(fixture);
}

static void test_names_and_passwords(void **state)
{
    static const char *const options[] = {"--requirepass", "right", "--port", "0", NULL};
    struct fixture *fixture = *state;
    struct answer answer = {0};
    char url[192];

    server_kill(&fixture->server);
    server_start(&fixture->server, options);
    snprintf(url, sizeof url, "unix://:right@%s?db=15", fixture->server.socket);
    client_new(fixture, (struct redis_config){0}, url);
    client_up(fixture);
    ask(fixture, &answer, ARGS(STR("CLIENT"), STR("GETNAME")));
    assert_string_equal(answer.text, "test");
    ask(fixture, &answer, ARGS(STR("CLIENT"), STR("LIST")));
    client_close(fixture);

    snprintf(url, sizeof url, "unix://:wrong@%s", fixture->server.socket);
    client_new(fixture, (struct redis_config){.tries = 2, .backoff_step_ms = 1}, url);
    redis_wake(fixture->redis);
    wait_until(&fixture->loop, redis_is(fixture->redis, REDIS_DORMANT));
    assert_int_equal(fixture->states[REDIS_READY], 0);
    client_close(fixture);
    client_new(fixture, (struct redis_config){.tries = 2, .backoff_step_ms = 1},
               fixture->server.url);
    redis_wake(fixture->redis);
    wait_until(&fixture->loop, redis_is(fixture->redis, REDIS_DORMANT));
    client_close(fixture);
}

/* The database of the address is the one that is used. */
static void test_databases(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned db = 0; db <= REDIS_URL_DB_MAX; db++) {
        struct answer answer = {0};
        char url[160], keyspace[32];
        snprintf(url, sizeof url, "%s?db=%u", fixture->server.url, db);
        snprintf(keyspace, sizeof keyspace, "\ndb%u:keys=1,", db);
        client_new(fixture, (struct redis_config){0}, url);
        client_up(fixture);
        ask(fixture, &answer, ARGS(STR("FLUSHALL")));
        ask(fixture, &answer, ARGS(STR("SET"), STR("a"), STR("1")));
        ask(fixture, &answer, ARGS(STR("INFO"), STR("keyspace")));
        assert_non_null(strstr(answer.text, keyspace));
        client_close(fixture);
    }
}

static void test_unreachable(void **state)
{
    struct fixture *fixture = *state;
    static const char *const urls[] = {
        "redis://127.0.0.1:1",          "redis://localhost:1",        "redis://[::1]:1",
        "redis://no-such-host.invalid", "unix:///nonexistent/socket",
    };

    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        client_new(fixture, (struct redis_config){.tries = 2, .backoff_step_ms = 1}, urls[i]);
        redis_wake(fixture->redis);
        wait_until(&fixture->loop, redis_is(fixture->redis, REDIS_DORMANT));
        client_close(fixture);
    }
}

/* PREPARING: only the early commands pass, and the owner decides when it is ready. */
static void on_connect(void *context, struct redis *redis)
{
    struct fixture *fixture = context;

    (void)fixture;
    assert_int_equal(redis_state(redis), REDIS_PREPARING);
}

static void test_preparing(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};

    client_new(fixture, (struct redis_config){.on_connect = on_connect, .backoff_step_ms = 1},
               fixture->server.url);
    redis_wake(fixture->redis);
    wait_until(&fixture->loop, redis_is(fixture->redis, REDIS_PREPARING));
    ask(fixture, &answer, ARGS(STR("PING")));
    assert_int_equal(answer.err, ERR_UNAVAILABLE);
    redis_command_early(fixture->redis, ARGS(STR("INFO"), STR("server")), on_answer, &answer);
    wait_until(&fixture->loop, answer.count == 2);
    assert_int_equal(answer.err, ERR_OK);
    redis_prepared(fixture->redis, ERR_UNAVAILABLE);
    assert_int_equal(redis_state(fixture->redis), REDIS_BACKOFF);
    wait_until(&fixture->loop, redis_is(fixture->redis, REDIS_PREPARING));
    redis_prepared(fixture->redis, ERR_OK);
    assert_true(redis_ready(fixture->redis));
    redis_prepared(fixture->redis, ERR_IO);
    assert_true(redis_ready(fixture->redis));
    client_close(fixture);
}

/* The listener. */

struct heard {
    unsigned subscribed, keys, flushes, beats, lost;
    enum err reason;
    char key[64], why[128];
    struct redis_listener *stop_when_lost;
};

static void heard_subscribed(void *context)
{
    ((struct heard *)context)->subscribed++;
}

static void heard_key(void *context, struct str key)
{
    struct heard *heard = context;

    heard->keys++;
    memset(heard->key, 0, sizeof heard->key);
    memcpy(heard->key, key.ptr, key.len < 63 ? key.len : 63);
}

static void heard_flush(void *context)
{
    ((struct heard *)context)->flushes++;
}

static void heard_beat(void *context, int64_t sent_ns)
{
    int64_t age = clock_mono_ns() - sent_ns;

    assert_true(age >= 0 && age < INT64_C(5000000000));
    ((struct heard *)context)->beats++;
}

static void heard_lost(void *context, enum err reason, const char *why)
{
    struct heard *heard = context;

    heard->lost++;
    heard->reason = reason;
    snprintf(heard->why, sizeof heard->why, "%s", why);
    redis_listener_stop(heard->stop_when_lost);
}

static const struct redis_listener_events events = {
    heard_subscribed, heard_key, heard_flush, heard_beat, heard_lost,
};

static struct redis_listener *listen_to(struct fixture *fixture, struct heard *heard)
{
    static const struct str prefixes[] = {STR_INIT("t:tag:"), STR_INIT("t:fence:")};
    struct redis_listener_config config = {
        .prefixes = prefixes,
        .prefix_count = 2,
        .beat_channel = STR("t:beat:"),
        .beat_ms = 2,
        .lost_ms = 400,
        .events = &events,
        .context = heard,
    };

    return redis_listener_start(fixture->redis, &config);
}

static void test_listener(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {0}, again = {0};
    struct answer answer = {0};
    struct redis_listener *listener;

    client_new(fixture, (struct redis_config){.backoff_step_ms = 1}, fixture->server.url);
    client_up(fixture);
    listener = listen_to(fixture, &heard);
    wait_until(&fixture->loop, heard.beats >= 3);
    assert_int_equal(heard.subscribed, 1);
    ask(fixture, &answer, ARGS(STR("SET"), STR("other"), STR("1")));
    ask(fixture, &answer, ARGS(STR("SET"), STR("t:tag:x"), STR("1")));
    wait_until(&fixture->loop, heard.keys == 1);
    assert_string_equal(heard.key, "t:tag:x");
    ask(fixture, &answer, ARGS(STR("FLUSHALL")));
    wait_until(&fixture->loop, heard.flushes == 1);
    assert_int_equal(heard.lost, 0);
    redis_listener_stop(listener);
    heard.keys = 0;
    ask(fixture, &answer, ARGS(STR("SET"), STR("t:tag:x"), STR("1")));

    listener = listen_to(fixture, &again);
    wait_until(&fixture->loop, again.beats >= 1);
    ask(fixture, &answer, ARGS(STR("SET"), STR("t:fence:x"), STR("1")));
    wait_until(&fixture->loop, again.keys == 1);
    assert_int_equal(heard.keys, 0);
    redis_listener_stop(listener);
    client_close(fixture);
}

static void test_listener_lost(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};
    struct heard heard = {0};

    client_new(fixture, (struct redis_config){.backoff_step_ms = 1}, fixture->server.url);
    /* Not ready yet. */
    heard.stop_when_lost = listen_to(fixture, &heard);
    assert_int_equal(heard.lost, 0);
    wait_until(&fixture->loop, heard.lost == 1);
    client_up(fixture);
    /* The subscription is cut. */
    heard = (struct heard){0};
    heard.stop_when_lost = listen_to(fixture, &heard);
    wait_until(&fixture->loop, heard.beats >= 1);
    ask(fixture, &answer, ARGS(STR("CLIENT"), STR("KILL"), STR("TYPE"), STR("pubsub")));
    wait_until(&fixture->loop, heard.lost == 1);
    assert_int_equal(heard.reason, ERR_UNAVAILABLE);
    assert_true(redis_ready(fixture->redis));
    /* The client's own connection is dropped. */
    heard = (struct heard){0};
    heard.stop_when_lost = listen_to(fixture, &heard);
    wait_until(&fixture->loop, heard.beats >= 1);
    redis_reset(fixture->redis, "test");
    assert_int_equal(heard.lost, 1);
    wait_until(&fixture->loop, redis_ready(fixture->redis));
    /* Redis stands still. */
    heard = (struct heard){0};
    heard.stop_when_lost = listen_to(fixture, &heard);
    wait_until(&fixture->loop, heard.beats >= 1);
    kill(fixture->server.pid, SIGSTOP);
    wait_until(&fixture->loop, heard.lost == 1);
    kill(fixture->server.pid, SIGCONT);
    wait_until(&fixture->loop, redis_ready(fixture->redis));
    client_close(fixture);
}

static void test_listener_refused(void **state)
{
    static const struct {
        const char *acl, *why;
    } cases[] = {{"-client|tracking", "CLIENT TRACKING is refused: NOPERM "},
                 {"-subscribe", "SUBSCRIBE is refused: NOPERM "},
                 {"-publish", "PUBLISH is refused: NOPERM "},
                 {"-client|id", "CLIENT ID is refused: NOPERM "}};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heard heard = {0};
        struct answer answer = {0};
        client_new(fixture, (struct redis_config){.backoff_step_ms = 1}, fixture->server.url);
        client_up(fixture);
        ask(fixture, &answer,
            ARGS(STR("ACL"), STR("SETUSER"), STR("default"), str_from(cases[i].acl)));
        if (answer.err == ERR_PROTOCOL && strchr(cases[i].acl, '|') != NULL) {
            client_close(fixture); /* Redis 6 takes away whole commands only */
            continue;
        }
        assert_int_equal(answer.err, ERR_OK);
        heard.stop_when_lost = listen_to(fixture, &heard);
        wait_until(&fixture->loop, heard.lost == 1);
        assert_int_equal(heard.reason, ERR_UNSUPPORTED);
        assert_true(str_starts(str_from(heard.why), str_from(cases[i].why)));
        ask(fixture, &answer, ARGS(STR("ACL"), STR("SETUSER"), STR("default"), STR("+@all")));
        assert_int_equal(answer.err, ERR_OK);
        client_close(fixture);
    }
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_commands),
        CASE(test_large),
        CASE(test_scripts),
        CASE(test_refused_writes),
        CASE(test_timeout),
        CASE(test_stalled_loop),
        CASE(test_busy_before_sending),
        CASE(test_stalled_host),
        CASE(test_reconnect),
        CASE(test_killed),
        CASE(test_close_with_pending),
        CASE(test_names_and_passwords),
        CASE(test_databases),
        CASE(test_unreachable),
        CASE(test_preparing),
        CASE(test_listener),
        CASE(test_listener_lost),
        CASE(test_listener_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
