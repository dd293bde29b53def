/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "follow/follower.h"

/* The cache and Redis are replaced; time is made. */

enum { SENT_MAX = 16 };

static const struct field document = {.type = FIELD_OBJECT};
static const struct resource resource = {.name = STR_INIT("things"),
                                         .singular = STR_INIT("thing"),
                                         .collection = STR_INIT("things"),
                                         .id = ID_STRING,
                                         .document = &document};
static struct {
    bool can_move;
    int64_t now_ms;
    size_t counts[SENT_MAX]; /* tags of each script */
    atomic_size_t sent;
    bool ended;
} world;

bool __wrap_cache_can_move(const struct cache *cache);
void __wrap_cache_move(struct cache *cache, struct cache_move *move);
void __wrap_redis_wake(struct redis *redis);
int64_t __wrap_clock_mono_ms(void);

bool __wrap_cache_can_move(const struct cache *cache)
{
    (void)cache;
    return world.can_move;
}

void __wrap_cache_move(struct cache *cache, struct cache_move *move)
{
    (void)cache;
    assert_true(world.sent < SENT_MAX);
    world.counts[world.sent] = move->tag_count;
    world.sent++;
    move->done(move, ERR_OK);
}

void __wrap_redis_wake(struct redis *redis)
{
    (void)redis;
}

int64_t __wrap_clock_mono_ms(void)
{
    return world.now_ms;
}

struct fixture {
    uv_loop_t loop;
    struct arena arena;
    struct plan plan;
    struct moves *moves;
};

static void on_stopped(void *context)
{
    (void)context;
    world.ended = true;
}

static int set_up(void **state)
{
    static struct fixture fixture;

    memset(&world, 0, sizeof world);
    world.can_move = true;
    world.now_ms = 1000000;
    uv_loop_init(&fixture.loop);
    arena_init(&fixture.arena, NULL, 0);
    plan_init(&fixture.plan, &resource, &fixture.arena);
    fixture.moves = moves_new(&fixture.loop, NULL, NULL, &fixture.plan, 1);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    moves_stop(fixture->moves, on_stopped, NULL);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_true(world.ended);
    moves_free(fixture->moves);
    arena_reset(&fixture->arena);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    return 0;
}

static bool add(struct fixture *fixture, int number)
{
    struct moves_change change = {.tag_count = 1};
    char name[32];

    change.tags[0] = str_make(name, (size_t)snprintf(name, sizeof name, "thing:%d", number));
    return moves_add(fixture->moves, 0, &change);
}

/* Adds until there is no room; how many. */
static int fill(struct fixture *fixture)
{
    int count = 0;

    while (count < 10 * CACHE_MOVE_TAGS_MAX && add(fixture, count))
        count++;
    return count;
}

static void run_until_moved(struct fixture *fixture)
{
    while (moves_moved(fixture->moves) < moves_added(fixture->moves))
        uv_run(&fixture->loop, UV_RUN_ONCE);
}

static void test_changes_are_joined(void **state)
{
    struct fixture *fixture = *state;

    assert_true(add(fixture, 1) && add(fixture, 2) && add(fixture, 1));
    run_until_moved(fixture);
    assert_int_equal(world.sent, 1);
    assert_int_equal(world.counts[0], 2);
}

static void test_a_burst_waits_for_room(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fill(fixture), CACHE_MOVE_TAGS_MAX);
    run_until_moved(fixture);
    world.now_ms += 20;
    assert_int_equal(fill(fixture), CACHE_MOVE_TAGS_MAX);
    run_until_moved(fixture);
    assert_int_equal(world.sent, 2);
    assert_int_equal(world.counts[0], CACHE_MOVE_TAGS_MAX);
    assert_int_equal(world.counts[1], CACHE_MOVE_TAGS_MAX);
}

static void test_all_are_moved_when_a_burst_does_not_end(void **state)
{
    struct fixture *fixture = *state;

    world.can_move = false;
    (void)fill(fixture);
    for (int i = 0; i < 14; i++) {
        world.now_ms += 10;
        assert_false(add(fixture, CACHE_MOVE_TAGS_MAX));
    }
    world.now_ms += 10;
    assert_true(add(fixture, CACHE_MOVE_TAGS_MAX));
    world.can_move = true;
    run_until_moved(fixture);
    assert_int_equal(world.sent, 1);
    assert_in_range(world.counts[0], 1, 3);
}

static void test_a_later_burst_waits_again(void **state)
{
    struct fixture *fixture = *state;

    (void)fill(fixture);
    run_until_moved(fixture);
    world.now_ms += 1000;
    assert_int_equal(fill(fixture), CACHE_MOVE_TAGS_MAX);
    world.now_ms += 100;
    assert_false(add(fixture, CACHE_MOVE_TAGS_MAX));
}

/* As the follower's thread does; ThreadSanitizer sees what is not guarded. */
static void add_on_a_thread(void *context)
{
    for (int number = 0; world.sent < SENT_MAX / 2; number++)
        (void)add(context, number % CACHE_MOVE_TAGS_MAX);
}

static void test_changes_come_from_a_thread(void **state)
{
    struct fixture *fixture = *state;
    uv_thread_t thread;

    assert_int_equal(uv_thread_create(&thread, add_on_a_thread, fixture), 0);
    while (world.sent < SENT_MAX / 2)
        uv_run(&fixture->loop, UV_RUN_ONCE);
    uv_thread_join(&thread);
    run_until_moved(fixture);
    assert_in_range(world.sent, SENT_MAX / 2, SENT_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_changes_are_joined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_burst_waits_for_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_all_are_moved_when_a_burst_does_not_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_later_burst_waits_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_changes_come_from_a_thread, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
