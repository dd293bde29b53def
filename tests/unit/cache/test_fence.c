/* SPDX-License-Identifier: BSD-2-Clause */
#include "change.h"

#include "base/metrics.h"

/* Writes under the tags "t" and "u", and what look-ups see of them. */

/* enum memory_flags of the tag t, now. */
static unsigned flags_of(const struct cache_stand *stand)
{
    uint32_t slot = memory_slot(STR("t"));
    struct memory_snapshot snapshot;

    return memory_snapshot(stand->memory, &slot, 1, clock_mono_ns(), &snapshot);
}

struct versions {
    struct answer t, u;
};

static struct versions versions_of(struct cache_stand *stand)
{
    struct versions versions;

    versions.t = ASK(&stand->stand, STR("GET"), str_from(full_name(stand, "tag:t")));
    versions.u = ASK(&stand->stand, STR("GET"), str_from(full_name(stand, "tag:u")));
    assert_int_equal(strlen(versions.t.text[0]), VERSION_SIZE);
    assert_int_equal(strlen(versions.u.text[0]), VERSION_SIZE);
    return versions;
}

static void assert_moved(const struct versions *before, const struct versions *after)
{
    assert_string_not_equal(before->t.text[0], after->t.text[0]);
    assert_string_not_equal(before->u.text[0], after->u.text[0]);
}

static void test_a_write_fences_its_tags_and_gives_new_versions_twice(void **state)
{
    struct cache_stand *stand = *state;
    struct versions before, fenced, after;
    struct change change;

    set(stand, "tag:t", "00112233445566aa");
    set(stand, "tag:u", "00112233445566bb");
    before = versions_of(stand);
    change_begin(stand, &change);
    assert_int_equal(change.err, ERR_OK);
    assert_int_equal(flags_of(stand), MEMORY_FENCED);
    assert_in_range(left_ms(&stand->stand, full_name(stand, "fence:t")), 1, FENCE_MS);
    assert_in_range(left_ms(&stand->stand, full_name(stand, "fence:u")), 1, FENCE_MS);
    fenced = versions_of(stand);
    assert_moved(&before, &fenced);
    assert_int_equal(change_end(&change, ERR_OK), ERR_OK);
    after = versions_of(stand);
    assert_moved(&fenced, &after);
    assert_false(in_redis(stand, "fence:t"));
    assert_false(in_redis(stand, "fence:u"));
    assert_int_equal(flags_of(stand), 0);
    assert_int_equal(stand->mongo.jobs, 1); /* the look at the debts: none was opened */
}

/* From before the fence was asked for: who is stopped since must not write when it stands no more.
 */
static void test_a_write_must_be_sent_while_its_fence_stands(void **state)
{
    struct cache_stand *stand = *state;
    struct change change;

    change_begin(stand, &change);
    assert_true(change.write.send_by_ns >= change.begun_ns + SEND_BY_MS * INT64_C(1000000));
    assert_true(change.write.send_by_ns <= change.asked_ns + SEND_BY_MS * INT64_C(1000000));
    change_end(&change, ERR_OK);
}

static void test_what_was_kept_before_a_write_is_a_miss_after_it(void **state)
{
    struct cache_stand *stand = *state;
    struct change change;

    assert_stored(look_with_room(stand, ITEM), "one");
    assert_look(look_with_room(stand, ITEM), MEMORY, NONE, "one");
    change_begin(stand, &change);
    stand->truth = "two";
    change_end(&change, ERR_OK);
    assert_stored(look_with_room(stand, ITEM), "two");
    assert_look(look_with_room(stand, ITEM), MEMORY, NONE, "two");
}

static void test_what_was_asked_before_a_write_is_not_believed_after_it(void **state)
{
    struct cache_stand *stand = *state;
    struct look look = look_for(stand, ITEM);
    struct change change;

    look_held(&look, HOLD_ASKED);
    change_begin(stand, &change);
    stand->truth = "two";
    change_end(&change, ERR_OK);
    look_tell(&look, ERR_OK);
    assert_string_equal(look.body, "one");
    assert_stored(look_with_room(stand, ITEM), "two");
}

static bool is_one_of(enum cache_detail detail, const struct look *a, const struct look *b)
{
    return a->lookup.detail == detail || b->lookup.detail == detail;
}

static bool look_under_a_short_write(struct cache_stand *stand)
{
    struct look first = look_for(stand, ITEM), second = first;
    uint64_t waits = metric_sum(METRIC_WAITS);
    struct change change;
    int64_t begun_ms;
    bool in_time;

    stand->fills = 0;
    stand->truth = "one";
    change_begin(stand, &change);
    begun_ms = clock_mono_ms();
    look_begin(&first);
    look_begin(&second);
    assert_int_equal(metric_sum(METRIC_WAITS), waits + 2);
    stand->truth = "two";
    change_end(&change, ERR_OK);
    in_time = clock_mono_ms() - begun_ms < FENCE_WAIT_MS;
    look_end(&first);
    look_end(&second);
    if (!in_time)
        return false;
    assert_int_equal(stand->fills, 1);
    assert_true(is_one_of(CACHE_DETAIL_STORED, &first, &second));
    assert_true(is_one_of(CACHE_DETAIL_COLLAPSED, &first, &second));
    assert_hit(look_once(stand, ITEM), "two");
    return true;
}

/* One question serves all that came meanwhile, and its answer is kept. */
static void test_readers_wait_for_a_write_that_is_soon_over(void **state)
{
    until_in_time(*state, look_under_a_short_write);
}

static void test_readers_pass_by_a_write_that_is_not(void **state)
{
    struct cache_stand *stand = *state;
    struct change change;

    assert_stored(look_with_room(stand, ITEM), "one");
    change_begin(stand, &change);
    stand->truth = "two";
    assert_look(look_with_room(stand, ITEM), DATABASE, WRITE_FENCE, "two");
    assert_true(clock_mono_ns() - change.begun_ns >= (FENCE_WAIT_MS - 1) * INT64_C(1000000));
    stand->truth = "three";
    change_end(&change, ERR_OK);
    assert_stored(look_with_room(stand, ITEM), "three");
}

static void test_a_write_that_did_not_happen_takes_its_fence_away_too(void **state)
{
    struct cache_stand *stand = *state;
    struct change change;

    change_begin(stand, &change);
    assert_int_equal(change_end(&change, ERR_EXISTS), ERR_OK);
    assert_false(in_redis(stand, "fence:t"));
    assert_int_equal(flags_of(stand), 0);
}

static void test_an_unknown_outcome_leaves_the_fence_standing(void **state)
{
    struct cache_stand *stand = *state;
    struct change change;

    change_begin(stand, &change);
    assert_int_equal(change_end(&change, ERR_UNKNOWN), ERR_UNKNOWN);
    assert_true(in_redis(stand, "fence:t"));
    assert_int_equal(flags_of(stand), MEMORY_FENCED);
    assert_look(look_once(stand, ITEM), DATABASE, WRITE_FENCE, "one");
}

static void test_the_fence_of_another_write_stays(void **state)
{
    struct cache_stand *stand = *state;
    struct change first, second;

    change_begin(stand, &first);
    change_begin(stand, &second);
    change_end(&first, ERR_OK);
    assert_true(in_redis(stand, "fence:t"));
    assert_int_equal(flags_of(stand), MEMORY_FENCED);
    assert_look(look_once(stand, ITEM), DATABASE, WRITE_FENCE, "one");
    change_end(&second, ERR_OK);
    assert_stored(look_once(stand, ITEM), "one");
}

static void test_a_total_outlives_a_write(void **state)
{
    static const struct cache_total total = {.name = STR_INIT("count:a"), .delta = 1};
    struct cache_stand *stand = *state;
    struct change change;

    stand->truth = "41";
    assert_stored(look_once(stand, total.name), "41");
    change_begin_with(stand, &change, &total, NULL);
    change_end(&change, ERR_OK);
    assert_hit(look_once(stand, total.name), "42");
    assert_int_equal(stand->fills, 1);
}

/* --- Debts --- */

static void lose_redis(struct cache_stand *stand)
{
    server_kill(&stand->stand.server);
    wait_until(&stand->stand.loop, !redis_ready(stand->stand.redis));
}

static void test_without_redis_a_debt_is_left_before_the_write_and_closed_after_it(void **state)
{
    struct cache_stand *stand = *state;
    struct change change;

    lose_redis(stand);
    change_begin(stand, &change);
    assert_int_equal(change.err, ERR_OK);
    assert_int_equal(stand->mongo.jobs, 2);
    assert_int_equal(flags_of(stand), MEMORY_FENCED | MEMORY_PENDING);
    assert_int_equal(change_end(&change, ERR_OK), ERR_OK);
    assert_int_equal(stand->mongo.jobs, 3);
    assert_int_equal(flags_of(stand), MEMORY_PENDING);
    assert_look(look_once(stand, ITEM), DATABASE, PENDING, "one");
}

/* It is gone, and the client has not noticed yet. */
static void test_a_fence_that_redis_does_not_answer_is_a_debt(void **state)
{
    struct cache_stand *stand = *state;
    struct change change;

    server_kill(&stand->stand.server);
    assert_true(redis_ready(stand->stand.redis));
    change_begin(stand, &change);
    assert_int_equal(change.err, ERR_OK);
    assert_int_equal(stand->mongo.jobs, 2);
    assert_int_equal(flags_of(stand), MEMORY_FENCED | MEMORY_PENDING);
    assert_int_equal(change_end(&change, ERR_OK), ERR_OK);
    assert_int_equal(stand->mongo.jobs, 3);
}

static void test_a_release_that_redis_does_not_answer_is_a_debt(void **state)
{
    struct cache_stand *stand = *state;
    struct change change;

    change_begin(stand, &change);
    server_kill(&stand->stand.server);
    assert_true(redis_ready(stand->stand.redis));
    assert_int_equal(change_end(&change, ERR_OK), ERR_OK);
    assert_int_equal(stand->mongo.jobs, 2);
    assert_int_equal(flags_of(stand), MEMORY_PENDING);
}

static void test_where_nobody_can_be_told_nothing_is_begun(void **state)
{
    struct cache_stand *stand = *state;
    struct change change;

    lose_redis(stand);
    stand->mongo.err = ERR_UNKNOWN;
    change_begin(stand, &change);
    assert_int_equal(change.err, ERR_UNAVAILABLE);
    assert_int_equal(flags_of(stand), 0);
    assert_int_equal(change.done, 0);
}

static void test_redis_lost_during_a_write_is_owed(void **state)
{
    struct cache_stand *stand = *state;
    struct change change;

    change_begin(stand, &change);
    lose_redis(stand);
    assert_int_equal(change_end(&change, ERR_OK), ERR_OK);
    assert_int_equal(stand->mongo.jobs, 2);
    assert_int_equal(flags_of(stand), MEMORY_PENDING);
}

static void test_a_write_whose_end_nobody_could_be_told_is_not_acknowledged(void **state)
{
    struct cache_stand *stand = *state;
    struct change change;

    change_begin(stand, &change);
    lose_redis(stand);
    stand->mongo.err = ERR_UNAVAILABLE;
    assert_int_equal(change_end(&change, ERR_OK), ERR_UNKNOWN);
    assert_int_equal(flags_of(stand), MEMORY_FENCED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cache_setup, cache_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_write_fences_its_tags_and_gives_new_versions_twice),
        TEST(test_a_write_must_be_sent_while_its_fence_stands),
        TEST(test_what_was_kept_before_a_write_is_a_miss_after_it),
        TEST(test_what_was_asked_before_a_write_is_not_believed_after_it),
        TEST(test_readers_wait_for_a_write_that_is_soon_over),
        TEST(test_readers_pass_by_a_write_that_is_not),
        TEST(test_a_write_that_did_not_happen_takes_its_fence_away_too),
        TEST(test_an_unknown_outcome_leaves_the_fence_standing),
        TEST(test_the_fence_of_another_write_stays),
        TEST(test_a_total_outlives_a_write),
        TEST(test_without_redis_a_debt_is_left_before_the_write_and_closed_after_it),
        TEST(test_a_fence_that_redis_does_not_answer_is_a_debt),
        TEST(test_a_release_that_redis_does_not_answer_is_a_debt),
        TEST(test_where_nobody_can_be_told_nothing_is_begun),
        TEST(test_redis_lost_during_a_write_is_owed),
        TEST(test_a_write_whose_end_nobody_could_be_told_is_not_acknowledged),
    };

    if (server_is_missing(sizeof tests / sizeof *tests))
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
