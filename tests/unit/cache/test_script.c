/* SPDX-License-Identifier: BSD-2-Clause */
#include "../store/redis_server.h"

#include "base/log.h"
#include "cache/script.h"

/* The scripts as a redis-server carries them out: one tag t, its fence f. */

enum { ITEMS_MAX = 6, TEXT_MAX = 120 };

struct fixture {
    struct server server;
    uv_loop_t loop;
    struct redis *redis;
};

/* The last answer, copied: its items as text, or itself as the first. */
struct answer {
    unsigned count;
    enum err err;
    size_t items;
    char text[ITEMS_MAX][TEXT_MAX];
};

static void copy(char to[TEXT_MAX], const struct redis_value *value)
{
    struct str text = redis_str(value);

    memset(to, 0, TEXT_MAX);
    if (redis_type(value) == REDIS_INTEGER)
        snprintf(to, TEXT_MAX, "%lld", (long long)redis_int(value));
    else if (redis_type(value) == REDIS_NIL)
        snprintf(to, TEXT_MAX, "nil");
    else if (text.len > 0)
        memcpy(to, text.ptr, text.len < TEXT_MAX ? text.len : TEXT_MAX - 1);
}

static void on_answer(void *context, enum err err, const struct redis_value *reply)
{
    struct answer *answer = context;

    answer->count++;
    answer->err = err;
    answer->items = redis_count(reply);
    if (answer->items == 0)
        copy(answer->text[0], reply);
    for (size_t i = 0; i < answer->items && i < ITEMS_MAX; i++)
        copy(answer->text[i], redis_item(reply, i));
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    log_setup(LOG_OFF, LOG_TEXT);
    server_init(&fixture->server);
    server_start(&fixture->server, NULL);
    fixture->redis = client_start(&fixture->server, &fixture->loop);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    client_end(fixture->redis, &fixture->loop);
    server_free(&fixture->server);
    free(fixture);
    return 0;
}

#define LIST(...)  ((struct str[]){__VA_ARGS__})
#define COUNT(...) (sizeof LIST(__VA_ARGS__) / sizeof(struct str))
/* One command; its answer. */
#define ASK(fixture, ...) ask(fixture, COUNT(__VA_ARGS__), LIST(__VA_ARGS__))

static struct answer ask(struct fixture *fixture, size_t argc, const struct str argv[])
{
    struct answer answer = {0};

    redis_command(fixture->redis, argc, argv, on_answer, &answer);
    wait_until(&fixture->loop, answer.count == 1);
    assert_int_equal(answer.err, ERR_OK);
    return answer;
}

static struct answer run(struct fixture *fixture, struct redis_script *script,
                         const struct str keys[], size_t key_count, const struct str args[],
                         size_t arg_count)
{
    struct answer answer = {0};

    redis_script(fixture->redis, script, keys, key_count, args, arg_count, on_answer, &answer);
    wait_until(&fixture->loop, answer.count == 1);
    assert_int_equal(answer.err, ERR_OK);
    return answer;
}

static void fence(struct fixture *fixture, struct str token, struct str life, struct str version)
{
    struct str args[] = {token, life, STR("86400000"), STR("1"), version};

    run(fixture, &script_fence, LIST(STR("t"), STR("f")), 2, args, 5);
}

static void release(struct fixture *fixture, struct str token, struct str version)
{
    struct str args[] = {token, STR("5000"), STR("86400000"), STR("1"), version};

    run(fixture, &script_release, LIST(STR("t"), STR("f")), 2, args, 5);
}

/* The same with two totals: "n" of this tag, "m" of another one, "u". */
static struct str total_keys[] = {STR_INIT("t"), STR_INIT("u"), STR_INIT("f"),
                                  STR_INIT("g"), STR_INIT("n"), STR_INIT("m")};

static struct answer fence_totals(struct fixture *fixture, struct str token, struct str version)
{
    struct str args[] = {token,   STR("5000"), STR("86400000"), STR("2"),
                         version, version,     STR("1"),        STR("2")};

    return run(fixture, &script_fence, total_keys, 6, args, 8);
}

/* fenced: what the fence has given both tags. */
static void release_totals(struct fixture *fixture, struct str token, struct str version,
                           struct str fenced)
{
    struct str args[] = {token,    STR("5000"), STR("86400000"), STR("2"),   version,
                         version,  STR("1"),    fenced,          STR("9"),   STR("7000"),
                         STR("2"), fenced,      STR("5"),        STR("7000")};

    run(fixture, &script_release, total_keys, 6, args, 14);
}

static struct answer begin(struct fixture *fixture, struct str token, struct str version)
{
    struct str keys[] = {STR("lock"), STR("born"), STR("t"), STR("f"), STR("entry")};
    struct str args[] = {token, STR("3000"), STR("86400000"), STR("5000"), STR("4"), version};

    return run(fixture, &script_begin, keys, 5, args, 6);
}

static void assert_key(struct fixture *fixture, const char *key, const char *value)
{
    struct answer answer = ASK(fixture, STR("GET"), str_from(key));

    assert_string_equal(answer.text[0], value);
}

static long long left_ms(struct fixture *fixture, const char *key)
{
    struct answer answer = ASK(fixture, STR("PTTL"), str_from(key));

    return strtoll(answer.text[0], NULL, 10);
}

static void test_a_fence_gives_a_version_and_stands_for_its_time(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;

    fence(fixture, STR("aa"), STR("5000"), STR("v1"));
    assert_key(fixture, "t", "v1");
    answer = ASK(fixture, STR("GET"), STR("f"));
    assert_memory_equal(answer.text[0], "aa@", 3);
    assert_true(left_ms(fixture, "f") > 3000 && left_ms(fixture, "f") <= 5000);
    assert_true(left_ms(fixture, "t") > 86000000);
    release(fixture, STR("aa"), STR("v2"));
    assert_key(fixture, "t", "v2");
    assert_key(fixture, "f", "nil");
}

static void test_each_write_takes_only_its_own_token_away(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;

    fence(fixture, STR("aa"), STR("5000"), STR("v1"));
    fence(fixture, STR("bb"), STR("60000"), STR("v2"));
    release(fixture, STR("aa"), STR("v3"));
    answer = ASK(fixture, STR("GET"), STR("f"));
    assert_memory_equal(answer.text[0], "bb@", 3);
    assert_null(strstr(answer.text[0], "aa@"));
    assert_true(left_ms(fixture, "f") > 50000);
    release(fixture, STR("aa"), STR("v4")); /* once more does no harm */
    assert_true(left_ms(fixture, "f") > 50000);
    release(fixture, STR("bb"), STR("v5"));
    assert_key(fixture, "f", "nil");
    assert_key(fixture, "t", "v5");
}

static void test_a_total_is_carried_over_a_write_that_is_alone(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;

    ASK(fixture, STR("SET"), STR("t"), STR("v0"));
    ASK(fixture, STR("SET"), STR("n"), STR("8"));
    answer = fence_totals(fixture, STR("aa"), STR("v1"));
    assert_int_equal(answer.items, 4);
    assert_string_equal(answer.text[0], "v0");
    assert_string_equal(answer.text[1], "8");
    assert_string_equal(answer.text[2], "");
    assert_string_equal(answer.text[3], "");
    assert_key(fixture, "n", "8");
    release_totals(fixture, STR("aa"), STR("v2"), STR("v1"));
    assert_key(fixture, "t", "v2");
    assert_key(fixture, "u", "v2");
    assert_key(fixture, "n", "9");
    assert_key(fixture, "m", "5");
    assert_true(left_ms(fixture, "n") > 5000 && left_ms(fixture, "n") <= 7000);
    assert_key(fixture, "f", "nil");
}

static void test_a_total_is_not_told_beside_another_write(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;

    ASK(fixture, STR("SET"), STR("n"), STR("8"));
    ASK(fixture, STR("SET"), STR("m"), STR("4"));
    fence(fixture, STR("bb"), STR("5000"), STR("v0"));
    answer = fence_totals(fixture, STR("aa"), STR("v1"));
    assert_string_equal(answer.text[0], "");
    assert_string_equal(answer.text[1], "");
    assert_string_equal(answer.text[3], "4"); /* of the other tag, on which nobody else writes */
}

static void test_a_total_is_not_carried_past_another_write(void **state)
{
    struct fixture *fixture = *state;

    ASK(fixture, STR("SET"), STR("n"), STR("8"));
    fence_totals(fixture, STR("aa"), STR("v1"));
    fence(fixture, STR("bb"), STR("5000"), STR("v2"));
    release_totals(fixture, STR("aa"), STR("v3"), STR("v1"));
    assert_key(fixture, "n", "8");
    assert_key(fixture, "m", "5");
    /* Nor where the tag was evicted meanwhile. */
    fence_totals(fixture, STR("cc"), STR("v4"));
    ASK(fixture, STR("DEL"), STR("t"));
    release_totals(fixture, STR("cc"), STR("v5"), STR("v4"));
    assert_key(fixture, "n", "8");
}

static void test_a_total_of_another_type_is_none(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;

    ASK(fixture, STR("LPUSH"), STR("n"), STR("8"));
    answer = fence_totals(fixture, STR("aa"), STR("v1"));
    assert_string_equal(answer.text[1], "");
    assert_key(fixture, "t", "v1");
}

static void test_a_fence_asked_for_twice_is_one(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;

    fence(fixture, STR("aa"), STR("5000"), STR("v1"));
    fence(fixture, STR("aa"), STR("5000"), STR("v2"));
    answer = ASK(fixture, STR("GET"), STR("f"));
    assert_null(strstr(answer.text[0] + 1, "aa@"));
    release(fixture, STR("aa"), STR("v3"));
    assert_key(fixture, "f", "nil");
}

/* By Redis' clock: a write that died does not stand as long as others follow it. */
static void test_tokens_past_their_end_are_pruned(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;

    ASK(fixture, STR("SET"), STR("f"), STR("dead@1 cc@99999999999999 "));
    fence(fixture, STR("aa"), STR("5000"), STR("v1"));
    answer = ASK(fixture, STR("GET"), STR("f"));
    assert_memory_equal(answer.text[0], "cc@99999999999999 aa@", 21);
    ASK(fixture, STR("SET"), STR("f"), STR("dead@1 "));
    release(fixture, STR("aa"), STR("v2"));
    assert_key(fixture, "f", "nil");
}

static void bear(struct fixture *fixture, struct str when)
{
    ASK(fixture, STR("SET"), STR("born"), when);
}

static void test_begin_takes_the_lock_and_creates_the_tag_once(void **state)
{
    struct fixture *fixture = *state;
    struct str key = STR("lock"), token = STR("x1");
    struct answer answer;

    bear(fixture, STR("1"));
    answer = begin(fixture, STR("x1"), STR("v1"));
    assert_string_equal(answer.text[0], "1");
    assert_string_equal(answer.text[1], "v1");
    answer = begin(fixture, STR("x2"), STR("v2"));
    assert_string_equal(answer.text[0], "0");
    assert_string_equal(answer.text[1], "v1");
    assert_true(left_ms(fixture, "lock") > 1000 && left_ms(fixture, "lock") <= 3000);
    run(fixture, &script_unlock, &key, 1, LIST(STR("x2")), 1);
    assert_key(fixture, "lock", "x1");
    run(fixture, &script_unlock, &key, 1, &token, 1);
    assert_key(fixture, "lock", "nil");
}

static void test_begin_takes_no_lock_under_a_fence(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;

    bear(fixture, STR("1"));
    fence(fixture, STR("aa"), STR("5000"), STR("v1"));
    answer = begin(fixture, STR("x1"), STR("v2"));
    assert_string_equal(answer.text[0], "2");
    assert_string_equal(answer.text[1], "v1");
    assert_key(fixture, "lock", "nil");
}

static void test_begin_takes_no_lock_while_redis_is_young(void **state)
{
    struct fixture *fixture = *state;
    struct str key = STR("born"), life = STR("86400000");

    assert_string_equal(begin(fixture, STR("x1"), STR("v1")).text[0], "3");
    run(fixture, &script_born, &key, 1, &life, 1);
    assert_string_equal(begin(fixture, STR("x1"), STR("v1")).text[0], "3");
    assert_key(fixture, "lock", "nil");
}

static void test_the_mark_of_birth_is_set_once_and_kept(void **state)
{
    struct fixture *fixture = *state;
    struct str key = STR("born"), life = STR("86400000");
    struct answer first = run(fixture, &script_born, &key, 1, &life, 1), second;

    assert_int_equal(first.items, 2);
    assert_string_equal(first.text[0], first.text[1]);
    ASK(fixture, STR("PEXPIRE"), STR("born"), STR("1000"));
    second = run(fixture, &script_born, &key, 1, &life, 1);
    assert_string_equal(second.text[1], first.text[1]);
    assert_true(strtoll(second.text[0], NULL, 10) >= strtoll(first.text[0], NULL, 10));
    assert_true(left_ms(fixture, "born") > 86000000);
}

/* What cannot be written is told as absent, which counts as young. */
static void test_no_mark_where_redis_is_full(void **state)
{
    struct fixture *fixture = *state;
    struct str key = STR("born"), life = STR("86400000");
    struct answer answer;

    ASK(fixture, STR("CONFIG"), STR("SET"), STR("maxmemory"), STR("1"));
    answer = run(fixture, &script_born, &key, 1, &life, 1);
    assert_string_equal(answer.text[1], "nil");
    ASK(fixture, STR("CONFIG"), STR("SET"), STR("maxmemory"), STR("0"));
}

/* Another worker may have stored the entry since it was looked for. */
static void test_begin_tells_how_the_entry_begins(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;

    bear(fixture, STR("1"));
    ASK(fixture, STR("SET"), STR("entry"), STR("head and body"));
    answer = begin(fixture, STR("x1"), STR("v1"));
    assert_int_equal(answer.items, 3);
    assert_string_equal(answer.text[2], "head");
    answer = begin(fixture, STR("x2"), STR("v1"));
    assert_int_equal(answer.items, 2);
    ASK(fixture, STR("DEL"), STR("entry"), STR("lock"));
    ASK(fixture, STR("RPUSH"), STR("entry"), STR("not a string"));
    answer = begin(fixture, STR("x3"), STR("v1"));
    assert_string_equal(answer.text[2], "");
}

static void test_bump_gives_every_tag_a_version(void **state)
{
    struct fixture *fixture = *state;
    struct str args[] = {STR("86400000"), STR("v1"), STR("v2")};

    run(fixture, &script_bump, LIST(STR("t"), STR("u")), 2, args, 3);
    assert_key(fixture, "t", "v1");
    assert_key(fixture, "u", "v2");
    assert_true(left_ms(fixture, "u") > 86000000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_fence_gives_a_version_and_stands_for_its_time),
        TEST(test_each_write_takes_only_its_own_token_away),
        TEST(test_a_total_is_carried_over_a_write_that_is_alone),
        TEST(test_a_total_is_not_told_beside_another_write),
        TEST(test_a_total_is_not_carried_past_another_write),
        TEST(test_a_total_of_another_type_is_none),
        TEST(test_a_fence_asked_for_twice_is_one),
        TEST(test_tokens_past_their_end_are_pruned),
        TEST(test_begin_takes_the_lock_and_creates_the_tag_once),
        TEST(test_begin_takes_no_lock_under_a_fence),
        TEST(test_begin_takes_no_lock_while_redis_is_young),
        TEST(test_the_mark_of_birth_is_set_once_and_kept),
        TEST(test_no_mark_where_redis_is_full),
        TEST(test_begin_tells_how_the_entry_begins),
        TEST(test_bump_gives_every_tag_a_version),
    };

    if (system("command -v redis-server >/dev/null") != 0) {
        puts("[  SKIPPED ] 11 test(s): redis-server is not installed");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
