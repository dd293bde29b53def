/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache_stand.h"

/* Tags are moved for changes of others, and not for those of our own writes. */

struct moving {
    struct cache_move move;
    unsigned done;
    enum err err;
};

static void on_moved(struct cache_move *move, enum err err)
{
    struct moving *moving = move->context;

    moving->done++;
    moving->err = err;
}

static void move_tags(struct cache_stand *stand, const char *always,
                      const struct cache_event *events, size_t count)
{
    static const struct str tags[] = {STR_INIT("t"), STR_INIT("u")};
    struct moving moving = {.move = {.tags = tags,
                                     .always = always,
                                     .tag_count = 2,
                                     .events = events,
                                     .event_count = count,
                                     .done = on_moved}};

    moving.move.context = &moving;
    cache_move(stand->cache, &moving.move);
    wait_until(&stand->stand.loop, moving.done == 1);
    assert_int_equal(moving.err, ERR_OK);
}

static const char *version_of(struct cache_stand *stand, const char *tag)
{
    static struct answer answer;

    answer = ASK(&stand->stand, STR("GET"), str_from(full_name(stand, tag)));
    return answer.text[0];
}

#define T "00112233445566aa"
#define U "00112233445566bb"

static void put_versions(struct cache_stand *stand)
{
    set(stand, "tag:t", T);
    set(stand, "tag:u", U);
}

static void changes_of_others_move_their_tags(void **state)
{
    struct cache_stand *stand = *state;
    uint32_t slot = key_slot(STR("t"));
    struct memory_snapshot snapshot;

    put_versions(stand);
    (void)memory_snapshot(stand->memory, &slot, 1, clock_mono_ns(), &snapshot);
    move_tags(stand, "10", NULL, 0);
    assert_string_not_equal(version_of(stand, "tag:t"), T);
    assert_string_equal(version_of(stand, "tag:u"), U);
    assert_true((memory_check(stand->memory, &snapshot, clock_mono_ns()) & MEMORY_MOVED) != 0);
}

static void an_event_of_ours_moves_nothing_once(void **state)
{
    struct cache_stand *stand = *state;
    const struct cache_event event = {
        .own = STR("item:a:2:5"), .clear = STR(""), .tags = STR(",1,2")};

    put_versions(stand);
    set(stand, "lock:own:item:a:2:5", "1");
    move_tags(stand, "00", &event, 1);
    assert_string_equal(version_of(stand, "tag:t"), T);
    assert_string_equal(version_of(stand, "tag:u"), U);
    move_tags(stand, "00", &event, 1); /* another's, that looks alike */
    assert_string_not_equal(version_of(stand, "tag:t"), T);
    assert_string_not_equal(version_of(stand, "tag:u"), U);
}

static void an_insert_ends_the_mark_of_a_removal(void **state)
{
    struct cache_stand *stand = *state;
    const struct cache_event made = {
        .own = STR("item:a:1:5"), .clear = STR("item:a:-"), .tags = STR(",1")};
    const struct cache_event removed = {
        .own = STR("item:a:-"), .clear = STR(""), .tags = STR(",2")};

    put_versions(stand);
    set(stand, "lock:own:item:a:-", "1");
    move_tags(stand, "00", &made, 1);
    move_tags(stand, "00", &removed, 1);
    assert_string_not_equal(version_of(stand, "tag:t"), T);
    assert_string_not_equal(version_of(stand, "tag:u"), U);
}

static void on_ready(struct cache_write *write, enum err err)
{
    struct moving *moving = write->context;

    assert_int_equal(err, ERR_OK);
    moving->done++;
}

static void on_written(struct cache_write *write)
{
    ((struct moving *)write->context)->done++;
}

static void own_writes_are_marked_while_somebody_follows(void **state)
{
    static const struct str tags[] = {STR_INIT("t")}, own[] = {STR_INIT("item:a:2:5")};
    struct cache_stand *stand = *state;

    for (int followed = 0; followed < 2; followed++) {
        struct moving moving = {.done = 0};
        struct cache_write write = {.tags = tags,
                                    .tag_count = 1,
                                    .ready = on_ready,
                                    .done = on_written,
                                    .context = &moving};
        cache_followed(stand->cache, followed != 0);
        cache_write_begin(stand->cache, &write);
        wait_until(&stand->stand.loop, moving.done == 1);
        write.own = own;
        write.own_count = 1;
        cache_write_end(&write, ERR_OK);
        wait_until(&stand->stand.loop, moving.done == 2);
        assert_int_equal(in_redis(stand, "lock:own:item:a:2:5"), followed != 0);
    }
}

/* --- After an outage of Redis --- */

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void put_state(struct cache_stand *stand, int64_t age_ms)
{
    struct answer now = ASK(&stand->stand, STR("TIME"));
    char at[32];

    snprintf(at, sizeof at, "%lld", (long long)(strtoll(now.text[0], NULL, 10) * 1000 - age_ms));
    ASK(&stand->stand, STR("HSET"), STR("larder:follow:state"), STR("at"), str_from(at));
}

static bool stays_closed(struct cache_stand *stand, const struct gate *gate)
{
    for (int64_t end = clock_mono_ms() + 300; clock_mono_ms() < end && !gate_is_open(gate);)
        uv_run(&stand->stand.loop, UV_RUN_ONCE);
    return !gate_is_open(gate);
}

static void nothing_of_before_is_answered_until_the_follower_has_seen_it(void **state)
{
    struct cache_stand *stand = *state;
    struct gate *gate = gate_new(stand->cache, true);
    uv_timer_t tick;

    uv_timer_init(&stand->stand.loop, &tick);
    uv_timer_start(&tick, on_tick, 5, 5);
    put_state(stand, 60000);
    gate_connected(gate);
    assert_true(stays_closed(stand, gate));
    put_state(stand, 500); /* a worker that starts */
    wait_until(&stand->stand.loop, gate_is_open(gate));
    gate_connected(gate); /* Redis may have stood still since */
    assert_true(stays_closed(stand, gate));
    put_state(stand, -1000);
    wait_until(&stand->stand.loop, gate_is_open(gate));
    ASK(&stand->stand, STR("DEL"), STR("larder:follow:state"));
    gate_connected(gate); /* nobody has ever followed */
    assert_false(gate_is_open(gate));
    wait_until(&stand->stand.loop, gate_is_open(gate));
    uv_close((uv_handle_t *)&tick, NULL);
    gate_stop(gate);
    uv_run(&stand->stand.loop, UV_RUN_NOWAIT);
    gate_free(gate);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cache_setup, cache_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(changes_of_others_move_their_tags),
        TEST(an_event_of_ours_moves_nothing_once),
        TEST(an_insert_ends_the_mark_of_a_removal),
        TEST(own_writes_are_marked_while_somebody_follows),
        TEST(nothing_of_before_is_answered_until_the_follower_has_seen_it),
    };

    if (server_is_missing(sizeof tests / sizeof *tests))
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
