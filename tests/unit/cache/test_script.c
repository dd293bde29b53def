/* SPDX-License-Identifier: BSD-2-Clause */
#include "stand.h"

#include "base/clock.h"
#include "cache/cache_state.h"
#include "cache/script.h"

/* The scripts as a redis-server carries them out: one tag t, its fence f. */

static int setup(void **state)
{
    struct stand *stand = calloc(1, sizeof *stand);

    stand_up(stand);
    *state = stand;
    return 0;
}

static int teardown(void **state)
{
    stand_down(*state);
    free(*state);
    return 0;
}

/* Tokens of writes. */
#define A       "00000000000000aa"
#define B       "00000000000000bb"
#define C       "00000000000000cc"
#define UNKNOWN "0000000000000000"
/* The longest life of a fence. */
#define LIFE STR("60000")

static struct answer run(struct stand *stand, struct redis_script *script, const struct str keys[],
                         size_t key_count, const struct str args[], size_t arg_count)
{
    struct answer answer = {0};

    redis_script(stand->redis, script, keys, key_count, args, arg_count, on_answer, &answer);
    wait_until(&stand->loop, answer.count == 1);
    assert_int_equal(answer.err, ERR_OK);
    return answer;
}

static void fence(struct stand *stand, struct str token, struct str life, struct str version)
{
    struct str args[] = {token, life, STR("86400000"), STR("1"), version};

    run(stand, &script_fence, LIST(STR("t"), STR("f")), 2, args, 5);
}

static void release(struct stand *stand, struct str token, struct str version)
{
    struct str args[] = {token, LIFE, STR("86400000"), STR("1"), version};

    run(stand, &script_release, LIST(STR("t"), STR("f")), 2, args, 5);
}

/* The same with two totals: "n" of this tag, "m" of another one, "u". */
static struct str total_keys[] = {STR_INIT("t"), STR_INIT("u"), STR_INIT("f"),
                                  STR_INIT("g"), STR_INIT("n"), STR_INIT("m")};

static struct answer fence_totals(struct stand *stand, struct str token, struct str version)
{
    struct str args[] = {token,   STR("5000"), STR("86400000"), STR("2"),
                         version, version,     STR("1"),        STR("2")};

    return run(stand, &script_fence, total_keys, 6, args, 8);
}

/* fenced: what the fence has given both tags. */
static void release_totals(struct stand *stand, struct str token, struct str version,
                           struct str fenced)
{
    struct str args[] = {token,    STR("5000"), STR("86400000"), STR("2"),   version,
                         version,  STR("1"),    fenced,          STR("9"),   STR("7000"),
                         STR("2"), fenced,      STR("5"),        STR("7000")};

    run(stand, &script_release, total_keys, 6, args, 14);
}

static struct answer begin(struct stand *stand, struct str token, struct str version)
{
    struct str keys[] = {STR("lock"), STR("born"), STR("t"), STR("f"), STR("entry")};
    struct str args[] = {token,    STR("3000"),  STR("86400000"), STR("5000"),
                         STR("4"), STR("dead:"), version};

    return run(stand, &script_begin, keys, 5, args, 7);
}

static void test_a_fence_gives_a_version_and_stands_for_its_time(void **state)
{
    struct stand *stand = *state;
    struct answer answer;

    fence(stand, STR(A), STR("5000"), STR("v1"));
    assert_key(stand, "t", "v1");
    answer = ASK(stand, STR("GET"), STR("f"));
    assert_memory_equal(answer.text[0], A "@", 17);
    assert_true(left_ms(stand, "f") > 3000 && left_ms(stand, "f") <= 5000);
    assert_true(left_ms(stand, "t") > 86000000);
    release(stand, STR(A), STR("v2"));
    assert_key(stand, "t", "v2");
    assert_key(stand, "f", "nil");
}

static void test_each_write_takes_only_its_own_token_away(void **state)
{
    struct stand *stand = *state;
    struct answer answer;

    fence(stand, STR(A), STR("5000"), STR("v1"));
    fence(stand, STR(B), STR("60000"), STR("v2"));
    release(stand, STR(A), STR("v3"));
    answer = ASK(stand, STR("GET"), STR("f"));
    assert_memory_equal(answer.text[0], B "@", 17);
    assert_null(strstr(answer.text[0], A "@"));
    assert_true(left_ms(stand, "f") > 50000);
    release(stand, STR(A), STR("v4")); /* once more does no harm */
    assert_true(left_ms(stand, "f") > 50000);
    release(stand, STR(B), STR("v5"));
    assert_key(stand, "f", "nil");
    assert_key(stand, "t", "v5");
}

static void test_a_total_is_carried_over_a_write_that_is_alone(void **state)
{
    struct stand *stand = *state;
    struct answer answer;

    ASK(stand, STR("SET"), STR("t"), STR("v0"));
    ASK(stand, STR("SET"), STR("n"), STR("8"));
    answer = fence_totals(stand, STR(A), STR("v1"));
    assert_int_equal(answer.items, 4);
    assert_string_equal(answer.text[0], "v0");
    assert_string_equal(answer.text[1], "8");
    assert_string_equal(answer.text[2], "");
    assert_string_equal(answer.text[3], "");
    assert_key(stand, "n", "8");
    release_totals(stand, STR(A), STR("v2"), STR("v1"));
    assert_key(stand, "t", "v2");
    assert_key(stand, "u", "v2");
    assert_key(stand, "n", "9");
    assert_key(stand, "m", "5");
    assert_true(left_ms(stand, "n") > 5000 && left_ms(stand, "n") <= 7000);
    assert_key(stand, "f", "nil");
}

static void test_a_total_is_not_told_beside_another_write(void **state)
{
    struct stand *stand = *state;
    struct answer answer;

    ASK(stand, STR("SET"), STR("n"), STR("8"));
    ASK(stand, STR("SET"), STR("m"), STR("4"));
    fence(stand, STR(B), STR("5000"), STR("v0"));
    answer = fence_totals(stand, STR(A), STR("v1"));
    assert_string_equal(answer.text[0], "");
    assert_string_equal(answer.text[1], "");
    assert_string_equal(answer.text[3], "4"); /* of the other tag, on which nobody else writes */
}

static void test_a_total_is_not_carried_past_another_write(void **state)
{
    struct stand *stand = *state;

    ASK(stand, STR("SET"), STR("n"), STR("8"));
    fence_totals(stand, STR(A), STR("v1"));
    fence(stand, STR(B), STR("5000"), STR("v2"));
    release_totals(stand, STR(A), STR("v3"), STR("v1"));
    assert_key(stand, "n", "8");
    assert_key(stand, "m", "5");
    /* Nor where the tag was evicted meanwhile. */
    fence_totals(stand, STR(C), STR("v4"));
    ASK(stand, STR("DEL"), STR("t"));
    release_totals(stand, STR(C), STR("v5"), STR("v4"));
    assert_key(stand, "n", "8");
}

static void test_a_total_of_another_type_is_none(void **state)
{
    struct stand *stand = *state;
    struct answer answer;

    ASK(stand, STR("LPUSH"), STR("n"), STR("8"));
    answer = fence_totals(stand, STR(A), STR("v1"));
    assert_string_equal(answer.text[1], "");
    assert_key(stand, "t", "v1");
}

static void test_a_fence_asked_for_twice_is_one(void **state)
{
    struct stand *stand = *state;
    struct answer answer;

    fence(stand, STR(A), STR("5000"), STR("v1"));
    fence(stand, STR(A), STR("5000"), STR("v2"));
    answer = ASK(stand, STR("GET"), STR("f"));
    assert_null(strstr(answer.text[0] + 1, A "@"));
    release(stand, STR(A), STR("v3"));
    assert_key(stand, "f", "nil");
}

/* By Redis' clock: a write that died does not stand as long as others follow it. */
static void test_tokens_past_their_end_are_pruned(void **state)
{
    struct stand *stand = *state;
    struct answer answer;

    ASK(stand, STR("SET"), STR("f"), STR("0000000000000bad@1 " C "@99999999999999 "));
    fence(stand, STR(A), STR("5000"), STR("v1"));
    answer = ASK(stand, STR("GET"), STR("f"));
    assert_memory_equal(answer.text[0], C "@", 17);
    assert_non_null(strstr(answer.text[0], A "@"));
    ASK(stand, STR("SET"), STR("f"), STR("0000000000000bad@1 "));
    release(stand, STR(A), STR("v2"));
    assert_key(stand, "f", "nil");
}

static int64_t redis_ms(struct stand *stand)
{
    struct answer answer = ASK(stand, STR("TIME"));

    return strtoll(answer.text[0], NULL, 10) * 1000 + strtoll(answer.text[1], NULL, 10) / 1000;
}

/* However far off its end is said to be, or the key's own. */
static void test_no_write_lasts_longer_than_a_fence(void **state)
{
    struct stand *stand = *state;
    struct answer answer;

    ASK(stand, STR("SET"), STR("f"), STR(C "@99999999999999 "));
    release(stand, STR(A), STR("v1"));
    answer = ASK(stand, STR("GET"), STR("f"));
    assert_memory_equal(answer.text[0], C "@", 17);
    assert_true(strtoll(answer.text[0] + 17, NULL, 10) <= redis_ms(stand) + 60000);
    assert_true(left_ms(stand, "f") > 50000 && left_ms(stand, "f") <= 60000);
}

/* It may be a write's: it stands for one until its end. */
static void assert_unknown(struct stand *stand, const char *life)
{
    struct answer answer;

    fence(stand, STR(A), LIFE, STR("v1"));
    answer = ASK(stand, STR("GET"), STR("f"));
    assert_memory_equal(answer.text[0], UNKNOWN "@", 17);
    assert_non_null(strstr(answer.text[0], " " A "@"));
    release(stand, STR(A), STR("v2"));
    answer = ASK(stand, STR("GET"), STR("f"));
    assert_memory_equal(answer.text[0], UNKNOWN "@", 17);
    assert_null(strstr(answer.text[0], A "@"));
    assert_true(left_ms(stand, "f") <= strtoll(life, NULL, 10));
    ASK(stand, STR("DEL"), STR("f"));
}

static void test_a_fence_that_cannot_be_read_ends(void **state)
{
    static const char *const texts[] = {"garbage", "aa@99999999999999 ", A "@", A "@1 x",
                                        "x" A "@1 "};
    struct stand *stand = *state;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ASK(stand, STR("SET"), STR("f"), str_from(texts[i]), STR("PX"), STR("3000"));
        assert_unknown(stand, "3000");
        ASK(stand, STR("SET"), STR("f"), str_from(texts[i]));
        assert_unknown(stand, "60000");
    }
    ASK(stand, STR("LPUSH"), STR("f"), STR("not a string"));
    assert_unknown(stand, "60000");
}

/* Nor is the server kept busy by it. */
static void test_a_long_fence_costs_no_time(void **state)
{
    static char text[1000000];
    static const struct str beginnings[] = {STR_INIT("A"), STR_INIT("1"), STR_INIT(A "@1")};
    struct stand *stand = *state;
    int64_t begun = clock_mono_ms();

    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        for (size_t at = 0; at < sizeof text; at++)
            text[at] = beginnings[i].ptr[at % beginnings[i].len];
        ASK(stand, STR("SET"), STR("f"), str_make(text, sizeof text), STR("PX"), STR("3000"));
        assert_unknown(stand, "3000");
    }
    assert_true(clock_mono_ms() - begun < 2000);
}

static void bear(struct stand *stand, struct str when)
{
    ASK(stand, STR("SET"), STR("born"), when);
}

static void test_begin_takes_the_lock_and_creates_the_tag_once(void **state)
{
    struct stand *stand = *state;
    struct str key = STR("lock"), token = STR("x1");
    struct answer answer;

    bear(stand, STR("1"));
    answer = begin(stand, STR("x1"), STR("v1"));
    assert_string_equal(answer.text[0], "1");
    assert_string_equal(answer.text[1], "v1");
    answer = begin(stand, STR("x2"), STR("v2"));
    assert_string_equal(answer.text[0], "0");
    assert_string_equal(answer.text[1], "v1");
    assert_true(left_ms(stand, "lock") > 1000 && left_ms(stand, "lock") <= 3000);
    run(stand, &script_unlock, &key, 1, LIST(STR("x2")), 1);
    assert_key(stand, "lock", "x1");
    run(stand, &script_unlock, &key, 1, &token, 1);
    assert_key(stand, "lock", "nil");
}

static void test_begin_takes_no_lock_under_a_fence(void **state)
{
    struct stand *stand = *state;
    struct answer answer;

    bear(stand, STR("1"));
    fence(stand, STR(A), STR("5000"), STR("v1"));
    answer = begin(stand, STR("x1"), STR("v2"));
    assert_string_equal(answer.text[0], "2");
    assert_string_equal(answer.text[1], "v1");
    assert_key(stand, "lock", "nil");
}

/* The first half of a token is its writer's. */
static void test_begin_tells_that_all_who_write_are_dead(void **state)
{
    struct stand *stand = *state;
    struct answer answer;

    bear(stand, STR("1"));
    fence(stand, STR("00000001000000aa"), STR("5000"), STR("v1"));
    fence(stand, STR("00000002000000bb"), STR("5000"), STR("v2"));
    ASK(stand, STR("SET"), STR("dead:00000001"), STR("1"));
    assert_string_equal(begin(stand, STR("x1"), STR("v3")).text[0], "2");
    assert_key(stand, "lock", "nil");
    ASK(stand, STR("SET"), STR("dead:00000002"), STR("1"));
    answer = begin(stand, STR("x1"), STR("v3"));
    assert_string_equal(answer.text[0], "4");
    assert_string_equal(answer.text[1], "v2");
    assert_key(stand, "lock", "x1");
    assert_string_equal(begin(stand, STR("x2"), STR("v3")).text[0], "0");
    ASK(stand, STR("DEL"), STR("lock"));
    fence(stand, STR("00000003000000cc"), STR("5000"), STR("v4"));
    assert_string_equal(begin(stand, STR("x1"), STR("v5")).text[0], "2");
    ASK(stand, STR("SET"), STR("f"), STR("garbage"), STR("PX"), STR("1000"));
    assert_string_equal(begin(stand, STR("x1"), STR("v5")).text[0], "2");
}

/* One without an end of its own, or with a late one, is no writer's, and would stand until the next
 * write. */
static void test_a_fence_that_somebody_meets_ends(void **state)
{
    struct stand *stand = *state;

    bear(stand, STR("1"));
    ASK(stand, STR("SET"), STR("f"), STR("garbage"));
    assert_string_equal(begin(stand, STR("x1"), STR("v1")).text[0], "2");
    assert_true(left_ms(stand, "f") > 3000 && left_ms(stand, "f") <= 5000);
    ASK(stand, STR("SET"), STR("f"), STR("garbage"), STR("PX"), STR("99999"));
    assert_string_equal(begin(stand, STR("x1"), STR("v1")).text[0], "2");
    assert_true(left_ms(stand, "f") > 3000 && left_ms(stand, "f") <= 5000);
    /* Nor does it stand any longer for being met. */
    ASK(stand, STR("PEXPIRE"), STR("f"), STR("1000"));
    assert_string_equal(begin(stand, STR("x1"), STR("v1")).text[0], "2");
    assert_true(left_ms(stand, "f") <= 1000);
}

static void test_only_a_life_that_is_half_over_is_prolonged(void **state)
{
    struct stand *stand = *state;
    struct str keys[] = {STR("soon"), STR("later"), STR("gone")}, life = STR("86400000");

    ASK(stand, STR("SET"), STR("soon"), STR("1"), STR("PX"), STR("40000"));
    ASK(stand, STR("SET"), STR("later"), STR("1"), STR("PX"), STR("50000000"));
    run(stand, &script_prolong, keys, 3, &life, 1);
    assert_true(left_ms(stand, "soon") > 86000000);
    assert_true(left_ms(stand, "later") <= 50000000);
    assert_key(stand, "gone", "nil");
}

static void test_begin_takes_no_lock_while_redis_is_young(void **state)
{
    struct stand *stand = *state;
    struct str key = STR("born"), life = STR("86400000");

    assert_string_equal(begin(stand, STR("x1"), STR("v1")).text[0], "3");
    run(stand, &script_born, &key, 1, &life, 1);
    assert_string_equal(begin(stand, STR("x1"), STR("v1")).text[0], "3");
    assert_key(stand, "lock", "nil");
}

static void test_the_mark_of_birth_is_set_once_and_kept(void **state)
{
    struct stand *stand = *state;
    struct str key = STR("born"), life = STR("86400000");
    struct answer first = run(stand, &script_born, &key, 1, &life, 1), second;

    assert_int_equal(first.items, 2);
    assert_string_equal(first.text[0], first.text[1]);
    ASK(stand, STR("PEXPIRE"), STR("born"), STR("1000"));
    second = run(stand, &script_born, &key, 1, &life, 1);
    assert_string_equal(second.text[1], first.text[1]);
    assert_true(strtoll(second.text[0], NULL, 10) >= strtoll(first.text[0], NULL, 10));
    assert_true(left_ms(stand, "born") > 86000000);
}

static void test_a_mark_that_cannot_be_right_is_set_anew(void **state)
{
    static const char *const marks[] = {
        "garbage", "99999999999999", "1e999", "", "nan", "0x10", "-5", "1e3", " 12"};
    struct stand *stand = *state;
    struct str key = STR("born"), life = STR("86400000");
    struct answer answer;

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        bear(stand, str_from(marks[i]));
        assert_string_equal(begin(stand, STR("x1"), STR("v1")).text[0], "3");
        answer = run(stand, &script_born, &key, 1, &life, 1);
        assert_string_equal(answer.text[1], answer.text[0]);
        assert_key(stand, "born", answer.text[0]);
        assert_true(left_ms(stand, "born") > 86000000);
    }
    ASK(stand, STR("DEL"), STR("born"));
    ASK(stand, STR("LPUSH"), STR("born"), STR("1"));
    assert_string_equal(begin(stand, STR("x1"), STR("v1")).text[0], "3");
    answer = run(stand, &script_born, &key, 1, &life, 1);
    assert_key(stand, "born", answer.text[0]);
}

static void on_told(void *context, enum err err, const struct redis_value *reply)
{
    cache_take_born(context, err, reply);
}

/* The clock of Redis was set since this worker was told of it. */
static void test_each_answer_tells_what_time_it_is(void **state)
{
    struct stand *stand = *state;
    struct str key = STR("born"), life = STR("86400000");
    struct cache cache = {.redis_ms = 1, .redis_seen_ns = clock_mono_ns()};
    char room[DECIMAL_MAX];
    struct str born = str_decimal((uint64_t)redis_ms(stand) - YOUNG_MS, room);

    assert_true(cache_is_young(&cache, born, clock_mono_ns()));
    cache_take_born(&cache, ERR_TIMEOUT, NULL);
    assert_int_equal(cache.redis_ms, 1);
    redis_script(stand->redis, &script_born, &key, 1, &life, 1, on_told, &cache);
    wait_until(&stand->loop, cache.redis_ms != 1);
    assert_false(cache_is_young(&cache, born, clock_mono_ns()));
}

/* What cannot be written is told as absent, which counts as young. */
static void test_no_mark_where_redis_is_full(void **state)
{
    struct stand *stand = *state;
    struct str key = STR("born"), life = STR("86400000");
    struct answer answer;

    ASK(stand, STR("CONFIG"), STR("SET"), STR("maxmemory"), STR("1"));
    answer = run(stand, &script_born, &key, 1, &life, 1);
    assert_string_equal(answer.text[1], "nil");
    ASK(stand, STR("CONFIG"), STR("SET"), STR("maxmemory"), STR("0"));
}

/* Another worker may have stored the entry since it was looked for. */
static void test_begin_tells_how_the_entry_begins(void **state)
{
    struct stand *stand = *state;
    struct answer answer;

    bear(stand, STR("1"));
    ASK(stand, STR("SET"), STR("entry"), STR("head and body"));
    answer = begin(stand, STR("x1"), STR("v1"));
    assert_int_equal(answer.items, 3);
    assert_string_equal(answer.text[2], "head");
    answer = begin(stand, STR("x2"), STR("v1"));
    assert_int_equal(answer.items, 2);
    ASK(stand, STR("DEL"), STR("entry"), STR("lock"));
    ASK(stand, STR("RPUSH"), STR("entry"), STR("not a string"));
    answer = begin(stand, STR("x3"), STR("v1"));
    assert_string_equal(answer.text[2], "");
}

static void test_bump_gives_every_tag_a_version(void **state)
{
    struct stand *stand = *state;
    struct str args[] = {STR("86400000"), STR("v1"), STR("v2")};

    run(stand, &script_bump, LIST(STR("t"), STR("u")), 2, args, 3);
    assert_key(stand, "t", "v1");
    assert_key(stand, "u", "v2");
    assert_true(left_ms(stand, "u") > 86000000);
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
        TEST(test_no_write_lasts_longer_than_a_fence),
        TEST(test_a_fence_that_cannot_be_read_ends),
        TEST(test_a_long_fence_costs_no_time),
        TEST(test_begin_takes_the_lock_and_creates_the_tag_once),
        TEST(test_begin_takes_no_lock_under_a_fence),
        TEST(test_begin_tells_that_all_who_write_are_dead),
        TEST(test_a_fence_that_somebody_meets_ends),
        TEST(test_only_a_life_that_is_half_over_is_prolonged),
        TEST(test_begin_takes_no_lock_while_redis_is_young),
        TEST(test_the_mark_of_birth_is_set_once_and_kept),
        TEST(test_a_mark_that_cannot_be_right_is_set_anew),
        TEST(test_each_answer_tells_what_time_it_is),
        TEST(test_no_mark_where_redis_is_full),
        TEST(test_begin_tells_how_the_entry_begins),
        TEST(test_bump_gives_every_tag_a_version),
    };

    if (system("command -v redis-server >/dev/null") != 0) {
        puts("[  SKIPPED ] 21 test(s): redis-server is not installed");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
