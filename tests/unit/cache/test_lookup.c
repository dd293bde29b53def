/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache_stand.h"

/* Look-ups and fills of one worker. */

#define ITEM STR("item:a")

static void test_a_miss_is_stored_and_then_a_hit(void **state)
{
    struct cache_stand *stand = *state;

    assert_stored(look_once(stand, ITEM), "one");
    stand->truth = "two";
    assert_hit(look_once(stand, ITEM), "one");
    assert_int_equal(stand->fills, 1);
}

static void test_memory_answers_at_once_while_its_lease_runs(void **state)
{
    struct cache_stand *stand = *state;
    struct buf room = BUF_INIT(1 << 16);
    struct look look = look_for(stand, ITEM);

    assert_stored(look_with_room(stand, ITEM), "one");
    look.lookup.room = &room;
    look_begin(&look);
    assert_int_equal(look.done, 1);
    assert_look(look, MEMORY, NONE, "one");
    buf_free(&room);
    memory_void(stand->memory);
    assert_hit(look_with_room(stand, ITEM), "one"); /* and is put there again */
    assert_look(look_with_room(stand, ITEM), MEMORY, NONE, "one");
    memory_lease_release(stand->memory, &stand->lease);
    assert_hit(look_with_room(stand, ITEM), "one");
}

static void test_a_version_that_moved_during_the_fill_makes_it_a_miss(void **state)
{
    struct cache_stand *stand = *state;
    struct look look = look_for(stand, ITEM);

    look_held(&look, HOLD_ASKED);
    set(stand, "tag:t", "00112233445566aa");
    stand->truth = "two";
    look_tell(&look, ERR_OK);
    assert_string_equal(look.body, "one");
    assert_stored(look_once(stand, ITEM), "two");
    assert_hit(look_once(stand, ITEM), "two");
}

static void test_a_fence_makes_a_bypass_and_nothing_is_stored(void **state)
{
    struct cache_stand *stand = *state;

    assert_stored(look_once(stand, ITEM), "one");
    /* Another host's, and heard of. */
    set(stand, "fence:t", "00000000000000aa@99999999999999 ");
    set(stand, "tag:t", "00112233445566aa");
    memory_bump(stand->memory, memory_slot(STR("t")));
    stand->truth = "two";
    assert_look(look_with_room(stand, ITEM), DATABASE, WRITE_FENCE, "two");
    assert_look(look_with_room(stand, ITEM), DATABASE, WRITE_FENCE, "two");
    del(stand, "fence:t");
    assert_stored(look_with_room(stand, ITEM), "two");
}

/* MongoDB may still be about to carry the write out. */
static void test_under_a_dead_writers_fence_answers_are_kept_as_long_as_it_stands(void **state)
{
    struct cache_stand *stand = *state;

    set(stand, "fence:t", "000000aa00000001@99999999999999 ");
    set(stand, "tag:t", "00112233445566aa");
    set(stand, "dead:000000aa", "1");
    assert_stored(look_with_room(stand, ITEM), "one");
    stand->truth = "two";
    assert_hit(look_with_room(stand, ITEM), "one");
    assert_hit(look_with_room(stand, ITEM), "one"); /* nothing went into memory */
    del(stand, "fence:t");
    assert_stored(look_with_room(stand, ITEM), "two");
    assert_look(look_with_room(stand, ITEM), MEMORY, NONE, "two");
}

static void test_a_living_writer_beside_a_dead_one_makes_a_bypass(void **state)
{
    struct cache_stand *stand = *state;

    set(stand, "fence:t", "000000aa00000001@99999999999999 ");
    set(stand, "dead:000000aa", "1");
    assert_stored(look_with_room(stand, ITEM), "one");
    set(stand, "fence:t", "000000aa00000001@99999999999999 000000bb00000001@99999999999999 ");
    set(stand, "tag:t", "00112233445566bb");
    stand->truth = "two";
    assert_look(look_with_room(stand, ITEM), DATABASE, WRITE_FENCE, "two");
}

static void test_a_young_redis_is_read_through(void **state)
{
    struct cache_stand *stand = *state;

    assert_stored(look_once(stand, ITEM), "one");
    del(stand, "born");
    memory_void(stand->memory);
    stand->truth = "two";
    assert_look(look_with_room(stand, ITEM), DATABASE, YOUNG, "two");
    assert_look(look_with_room(stand, ITEM), DATABASE, YOUNG, "two");
    set(stand, "born", "1");
    assert_hit(look_with_room(stand, ITEM), "one");
}

static void test_what_is_owed_is_read_through(void **state)
{
    struct cache_stand *stand = *state;
    uint32_t slot = memory_slot(STR("t"));

    assert_stored(look_once(stand, ITEM), "one");
    memory_set_pending(stand->memory, slot);
    stand->truth = "two";
    assert_look(look_with_room(stand, ITEM), DATABASE, PENDING, "two");
    assert_look(look_with_room(stand, ITEM), DATABASE, PENDING, "two");
    assert_true(memory_settle(stand->memory, slot, memory_pending(stand->memory, slot)));
    assert_hit(look_with_room(stand, ITEM), "one");
}

static void test_without_redis_each_question_is_asked(void **state)
{
    struct cache_stand *stand = *state;

    assert_stored(look_once(stand, ITEM), "one");
    server_kill(&stand->stand.server);
    wait_until(&stand->stand.loop, !redis_ready(stand->stand.redis));
    stand->truth = "two";
    assert_look(look_once(stand, ITEM), DATABASE, REDIS_DOWN, "two");
    stand->truth = "three";
    assert_look(look_once(stand, ITEM), DATABASE, REDIS_DOWN, "three");
}

static void test_while_debts_are_not_known_redis_is_not_believed(void **state)
{
    struct cache_stand *stand = *state;

    assert_stored(look_once(stand, ITEM), "one");
    stand->mongo.err = ERR_UNAVAILABLE;
    redis_reset(stand->stand.redis, "test");
    wait_until(&stand->stand.loop, redis_ready(stand->stand.redis));
    stand->mongo.err = ERR_OK;
    stand->truth = "two";
    assert_look(look_once(stand, ITEM), DATABASE, REDIS_DOWN, "two");
}

static void lose_connection(struct cache_stand *stand)
{
    redis_reset(stand->stand.redis, "test");
    wait_until(&stand->stand.loop, redis_ready(stand->stand.redis));
}

/* Who knew before the connection was lost that MongoDB is away has missed no debt. */
static void test_while_mongo_is_away_connections_may_be_lost(void **state)
{
    struct cache_stand *stand = *state;

    assert_stored(look_once(stand, ITEM), "one");
    stand->mongo.err = ERR_UNAVAILABLE;
    stand->mongo.away_ns = clock_mono_ns();
    for (int i = 0; i < 3; i++) {
        lose_connection(stand);
        assert_hit(look_once(stand, ITEM), "one");
        assert_true(cache_keeps(stand->cache, 60000));
    }
    /* It was back meanwhile, and somebody may have written. */
    stand->mongo.away_ns = clock_mono_ns();
    redis_reset(stand->stand.redis, "test");
    stand->mongo.away_ns = clock_mono_ns() + 1;
    wait_until(&stand->stand.loop, redis_ready(stand->stand.redis));
    assert_int_equal(look_once(stand, ITEM).lookup.err, ERR_UNAVAILABLE);
    lose_connection(stand);
    assert_int_equal(look_once(stand, ITEM).lookup.err, ERR_UNAVAILABLE);
}

static void test_only_finds_and_absences_are_kept(void **state)
{
    static const uint32_t statuses[] = {404, 401, 500};
    struct cache_stand *stand = *state;

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        for (unsigned round = 0; round < 2; round++) {
            struct look look = look_for(stand, statuses[i] == 404 ? STR("item:404") : ITEM);
            look.status = statuses[i];
            look_begin(&look);
            look_end(&look);
            assert_int_equal(look.lookup.entry.status, statuses[i]);
            assert_int_equal(look.lookup.source,
                             statuses[i] == 404 && round > 0 ? CACHE_REDIS : CACHE_DATABASE);
        }
    assert_false(in_redis(stand, "item:a"));
}

static void test_what_is_too_large_is_not_kept(void **state)
{
    struct cache_stand *stand = *state;
    char *large = malloc(ENTRY_SIZE_MAX + 1);

    memset(large, 'x', ENTRY_SIZE_MAX);
    large[ENTRY_SIZE_MAX] = '\0';
    stand->truth = large;
    assert_look(look_once(stand, ITEM), DATABASE, TOO_LARGE, "");
    assert_false(in_redis(stand, "item:a"));
    free(large);
}

/* --- One question for many --- */

static void test_identical_misses_are_one_question(void **state)
{
    struct cache_stand *stand = *state;
    struct look first = look_for(stand, ITEM), second = first, other = look_for(stand, STR("b"));

    first.hold = HOLD_ASKED;
    look_begin(&first);
    look_begin(&second);
    look_begin(&other);
    look_end(&other);
    wait_until(&stand->stand.loop, first.fill != NULL);
    assert_int_equal(stand->fills, 2);
    assert_int_equal(second.done, 0);
    look_tell(&first, ERR_OK);
    assert_stored(first, "one");
    assert_look(second, DATABASE, COLLAPSED, "one");
    assert_int_equal(stand->fills, 2);
}

/* Begins a look-up, and waits until Redis has answered it. */
static void look_until_answered(struct look *look)
{
    look_begin(look);
    ASK(&look->stand->stand, STR("PING"));
    ASK(&look->stand->stand, STR("PING"));
}

static void test_a_question_under_way_is_joined_by_who_knows_the_same_versions(void **state)
{
    struct cache_stand *stand = *state;
    struct look first = look_for(stand, ITEM), second = first;

    look_held(&first, HOLD_ASKED);
    look_until_answered(&second);
    assert_int_equal(stand->fills, 1);
    look_tell(&first, ERR_OK);
    assert_look(second, DATABASE, COLLAPSED, "one");
}

/* It is older than the write that gave the tag its new version. */
static void test_a_question_under_way_is_not_joined_after_a_write(void **state)
{
    struct cache_stand *stand = *state;
    struct look first = look_for(stand, ITEM), second = first, third = first;

    look_held(&first, HOLD_ASKED);
    stand->truth = "two";
    set(stand, "tag:t", "00112233445566aa");
    del(stand, "lock:fill:item:a"); /* or the second would wait for it */
    look_until_answered(&second);
    look_until_answered(&third);
    assert_int_equal(stand->fills, 1); /* one question of a name at a time */
    look_tell(&first, ERR_OK);
    look_end(&second);
    assert_look(first, DATABASE, STORED, "one");
    assert_stored(second, "two");
    assert_look(third, DATABASE, COLLAPSED, "two");
    assert_int_equal(stand->fills, 2);
    assert_hit(look_once(stand, ITEM), "two");
}

static void test_a_question_not_yet_sent_is_joined_by_all(void **state)
{
    struct cache_stand *stand = *state;
    struct look first = look_for(stand, ITEM), second = first;

    look_held(&first, HOLD_UNASKED);
    stand->truth = "two";
    set(stand, "tag:t", "00112233445566aa");
    look_until_answered(&second);
    assert_int_equal(stand->fills, 1);
    look_ask(&first);
    look_tell(&first, ERR_OK);
    assert_look(second, DATABASE, COLLAPSED, "two");
}

static void test_an_error_reaches_all_who_wait(void **state)
{
    struct cache_stand *stand = *state;
    struct look first = look_for(stand, ITEM), second = first;

    look_held(&first, HOLD_ASKED);
    look_until_answered(&second);
    look_tell(&first, ERR_BUSY);
    assert_int_equal(first.lookup.err, ERR_BUSY);
    assert_int_equal(second.lookup.err, ERR_BUSY);
    assert_false(in_redis(stand, "item:a"));
    assert_false(in_redis(stand, "lock:fill:item:a"));
    assert_stored(look_once(stand, ITEM), "one");
}

static void on_stats(void *context, enum err err, const struct redis_value *reply)
{
    static const char name[] = "cmdstat_mget:calls=";
    const char *at;

    assert_int_equal(err, ERR_OK);
    at = strstr(redis_str(reply).ptr, name);
    *(long long *)context = at != NULL ? strtoll(at + strlen(name), NULL, 10) : 0;
}

static long long count_mgets(struct cache_stand *stand)
{
    long long count = -1;

    redis_command(stand->stand.redis, 2, LIST(STR("INFO"), STR("commandstats")), on_stats, &count);
    wait_until(&stand->stand.loop, count >= 0);
    return count;
}

static void test_what_one_turn_asks_is_one_mget(void **state)
{
    struct cache_stand *stand = *state;
    struct look looks[] = {look_for(stand, STR("a")), look_for(stand, STR("b")),
                           look_for(stand, STR("a"))};
    long long before;

    stand->truth = "of b";
    assert_stored(look_once(stand, STR("b")), "of b");
    stand->truth = "of a";
    assert_stored(look_once(stand, STR("a")), "of a");
    before = count_mgets(stand);
    for (int i = 0; i < 3; i++)
        look_begin(&looks[i]);
    for (int i = 0; i < 3; i++)
        look_end(&looks[i]);
    assert_int_equal(count_mgets(stand), before + 1);
    assert_hit(looks[0], "of a");
    assert_hit(looks[1], "of b");
    assert_hit(looks[2], "of a");
}

/* --- Past its time, and another worker's --- */

static void on_entry(void *context, enum err err, const struct redis_value *reply)
{
    assert_int_equal(err, ERR_OK);
    buf_str(context, redis_str(reply));
}

/* What is stored under item:a. */
/* Without its seal. */
static void get_item(struct cache_stand *stand, struct buf *bytes)
{
    *bytes = BUF_INIT(4096);
    redis_command(stand->stand.redis, 2, LIST(STR("GET"), str_from(full_name(stand, "item:a"))),
                  on_entry, bytes);
    wait_until(&stand->stand.loop, bytes->len > 0);
    bytes->len -= SEAL_SIZE;
}

/* The bytes' seal is put behind them. */
static void put_item(struct cache_stand *stand, struct buf *bytes)
{
    char ending[SEAL_SIZE];

    seal_make(stand->cache->seal, STR("item:a"), buf_view(bytes), ending);
    buf_append(bytes, ending, sizeof ending);
    ASK(&stand->stand, STR("SET"), str_from(full_name(stand, "item:a")), buf_view(bytes), STR("PX"),
        STR("5000"));
}

/* Lets item:a be as old as if so much of its times were left, in ms. */
static void set_times(struct cache_stand *stand, int64_t fresh, int64_t stale, int64_t error)
{
    struct buf bytes, changed = BUF_INIT(4096);
    struct entry entry;
    int64_t now_ms = clock_wall_ms();

    get_item(stand, &bytes);
    assert_int_equal(entry_decode(buf_view(&bytes), &entry), ERR_OK);
    entry.fresh_until_ms = now_ms + fresh;
    entry.stale_until_ms = now_ms + stale;
    entry.error_until_ms = now_ms + error;
    entry_encode(&entry, &changed);
    buf_str(&changed, entry.plain);
    put_item(stand, &changed);
    buf_free(&bytes);
    buf_free(&changed);
}

static void test_in_the_last_part_of_its_life_it_is_served_while_it_is_refilled(void **state)
{
    struct cache_stand *stand = *state;

    assert_stored(look_once(stand, ITEM), "one");
    set_times(stand, -1, 60000, 120000);
    stand->truth = "two";
    assert_look(look_once(stand, ITEM), REDIS, STALE, "one");
    wait_until(&stand->stand.loop, stand->fills == 2);
    assert_hit(look_once(stand, ITEM), "two");
    assert_int_equal(stand->fills, 2);
}

static void test_past_its_life_it_is_asked_for(void **state)
{
    struct cache_stand *stand = *state;

    assert_stored(look_once(stand, ITEM), "one");
    set_times(stand, -2, -1, 60000);
    stand->truth = "two";
    assert_stored(look_once(stand, ITEM), "two");
}

static void test_past_its_life_it_is_served_while_the_database_is_away(void **state)
{
    struct cache_stand *stand = *state;

    assert_stored(look_once(stand, ITEM), "one");
    set_times(stand, -2, -1, 60000);
    stand->mongo.err = ERR_UNAVAILABLE;
    assert_look(look_once(stand, ITEM), REDIS, STALE_IF_ERROR, "one");
    assert_in_range(left_ms(&stand->stand, full_name(stand, "item:a")), 6000, 60000);
    stand->mongo.err = ERR_INTERNAL; /* is not away */
    assert_int_equal(look_once(stand, ITEM).lookup.err, ERR_INTERNAL);
    stand->mongo.err = ERR_UNAVAILABLE;
    set_times(stand, -3, -2, -1);
    assert_int_equal(look_once(stand, ITEM).lookup.err, ERR_UNAVAILABLE);
    set_times(stand, -2, -1, 60000);
    set(stand, "tag:t", "00112233445566aa"); /* a write has overtaken it */
    assert_int_equal(look_once(stand, ITEM).lookup.err, ERR_UNAVAILABLE);
}

static void test_it_is_not_served_when_that_time_ends_meanwhile(void **state)
{
    struct cache_stand *stand = *state;
    struct look look = look_for(stand, ITEM);
    int64_t end_ms;

    assert_stored(look_once(stand, ITEM), "one");
    set_times(stand, -2, -1, 50);
    end_ms = clock_wall_ms() + 50;
    look_held(&look, HOLD_ASKED);
    wait_until(&stand->stand.loop, clock_wall_ms() >= end_ms);
    look_tell(&look, ERR_UNAVAILABLE);
    assert_int_equal(look.lookup.err, ERR_UNAVAILABLE);
}

static bool look_for_anothers(struct cache_stand *stand)
{
    struct look look = look_for(stand, ITEM);
    int64_t begun_ms;
    struct buf bytes;
    bool in_time;

    del(stand, "lock:fill:item:a");
    look_once(stand, ITEM);
    get_item(stand, &bytes);
    del(stand, "item:a");
    set(stand, "lock:fill:item:a", "another's");
    stand->fills = 0;
    begun_ms = clock_mono_ms();
    look_until_answered(&look);
    put_item(stand, &bytes);
    in_time = clock_mono_ms() - begun_ms < WAIT_MAX_MS;
    look_end(&look);
    buf_free(&bytes);
    if (!in_time)
        return false;
    assert_look(look, REDIS, COLLAPSED, "one");
    assert_int_equal(stand->fills, 0);
    assert_true(in_redis(stand, "lock:fill:item:a"));
    return true;
}

static void test_another_workers_answer_is_waited_for(void **state)
{
    until_in_time(*state, look_for_anothers);
}

static void test_another_worker_is_not_waited_for_without_end(void **state)
{
    struct cache_stand *stand = *state;

    set(stand, "lock:fill:item:a", "another's");
    assert_stored(look_once(stand, ITEM), "one");
    assert_true(in_redis(stand, "lock:fill:item:a"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cache_setup, cache_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_miss_is_stored_and_then_a_hit),
        TEST(test_memory_answers_at_once_while_its_lease_runs),
        TEST(test_a_version_that_moved_during_the_fill_makes_it_a_miss),
        TEST(test_a_fence_makes_a_bypass_and_nothing_is_stored),
        TEST(test_under_a_dead_writers_fence_answers_are_kept_as_long_as_it_stands),
        TEST(test_a_living_writer_beside_a_dead_one_makes_a_bypass),
        TEST(test_a_young_redis_is_read_through),
        TEST(test_what_is_owed_is_read_through),
        TEST(test_without_redis_each_question_is_asked),
        TEST(test_while_debts_are_not_known_redis_is_not_believed),
        TEST(test_while_mongo_is_away_connections_may_be_lost),
        TEST(test_only_finds_and_absences_are_kept),
        TEST(test_what_is_too_large_is_not_kept),
        TEST(test_identical_misses_are_one_question),
        TEST(test_a_question_under_way_is_joined_by_who_knows_the_same_versions),
        TEST(test_a_question_under_way_is_not_joined_after_a_write),
        TEST(test_a_question_not_yet_sent_is_joined_by_all),
        TEST(test_an_error_reaches_all_who_wait),
        TEST(test_what_one_turn_asks_is_one_mget),
        TEST(test_in_the_last_part_of_its_life_it_is_served_while_it_is_refilled),
        TEST(test_past_its_life_it_is_asked_for),
        TEST(test_past_its_life_it_is_served_while_the_database_is_away),
        TEST(test_it_is_not_served_when_that_time_ends_meanwhile),
        TEST(test_another_workers_answer_is_waited_for),
        TEST(test_another_worker_is_not_waited_for_without_end),
    };

    if (server_is_missing(sizeof tests / sizeof *tests))
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
