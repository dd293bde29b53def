/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment.h"

#include "base/clock.h"
#include "memory/tags.h"

static const uint32_t slot = 17;

static unsigned flags_at(struct memory *m, int64_t mono_ns)
{
    struct memory_snapshot snapshot;

    return memory_snapshot(m, &slot, 1, mono_ns, &snapshot);
}

static uint64_t seq_of(struct memory *m)
{
    struct memory_snapshot snapshot;

    memory_snapshot(m, &slot, 1, NOW, &snapshot);
    return snapshot.tags[0].seq;
}

static void test_slots_follow_from_the_text_alone(void **state)
{
    (void)state;
    assert_int_equal(memory_slot(STR("products")), memory_slot(STR("products")));
    assert_int_equal(memory_slot(STR("products")), hash64("products", 8) % MEMORY_TAG_SLOTS);
    assert_true(memory_slot(STR("products")) != memory_slot(STR("products:books")));
    assert_true(memory_slot(STR("")) < MEMORY_TAG_SLOTS);
}

static void test_tokens_differ_and_are_never_0(void **state)
{
    struct fixture *f = *state;
    uint32_t last = 0;

    for (int i = 0; i < (1 << 24) + 10; i++) {
        uint32_t token = memory_token(i % 2 == 0 ? f->a : f->b);

        assert_true(token != 0 && token != last && token < 1 << 24);
        last = token;
    }
}

static void test_a_fence_stands_until_its_time(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(flags_at(f->a, NOW), 0);
    memory_fence(f->a, slot, 1, NOW, NOW + 5000 * MS);
    assert_int_equal(flags_at(f->b, NOW), MEMORY_FENCED);
    assert_int_equal(flags_at(f->b, NOW + 5000 * MS - 1), MEMORY_FENCED);
    assert_int_equal(flags_at(f->b, NOW + 5000 * MS), 0);
}

static void test_an_expiry_between_two_milliseconds_is_rounded_up(void **state)
{
    struct fixture *f = *state;

    memory_fence(f->a, slot, 1, NOW, NOW + 1);
    assert_int_equal(flags_at(f->b, NOW + MS - 1), MEMORY_FENCED);
    assert_int_equal(flags_at(f->b, NOW + MS), 0);
}

static void test_fence_and_release_both_move_the_tag(void **state)
{
    struct fixture *f = *state;
    uint64_t seq = seq_of(f->a);

    memory_fence(f->a, slot, 1, NOW, NOW + MS);
    assert_true(seq_of(f->b) > seq);
    seq = seq_of(f->a);
    memory_release(f->a, slot, 1);
    assert_true(seq_of(f->b) > seq);
    assert_int_equal(flags_at(f->b, NOW), 0);
}

static void test_a_release_takes_only_its_own_fence(void **state)
{
    struct fixture *f = *state;

    memory_fence(f->a, slot, 1, NOW, NOW + 5000 * MS);
    memory_fence(f->b, slot, 2, NOW, NOW + 5000 * MS);
    memory_release(f->a, slot, 1);
    assert_int_equal(flags_at(f->a, NOW), MEMORY_FENCED);
    memory_release(f->a, slot, 1);
    assert_int_equal(flags_at(f->a, NOW), MEMORY_FENCED);
    memory_release(f->b, slot, 2);
    assert_int_equal(flags_at(f->a, NOW), 0);
}

/* A write on two tags that share a slot fences it twice. */
static void test_one_release_ends_all_fences_of_its_token(void **state)
{
    struct fixture *f = *state;

    memory_fence(f->a, slot, 1, NOW, NOW + 5000 * MS);
    memory_fence(f->a, slot, 1, NOW, NOW + 5000 * MS);
    memory_release(f->a, slot, 1);
    assert_int_equal(flags_at(f->a, NOW), 0);
}

static void test_a_fifth_fence_stays_until_it_expires(void **state)
{
    struct fixture *f = *state;

    for (uint32_t token = 1; token <= 5; token++)
        memory_fence(f->a, slot, token, NOW, NOW + 5000 * MS);
    for (uint32_t token = 1; token <= 5; token++)
        memory_release(f->a, slot, token);
    assert_int_equal(flags_at(f->a, NOW + 4999 * MS), MEMORY_FENCED);
    assert_int_equal(flags_at(f->a, NOW + 5000 * MS), 0);
    /* A shorter one does not shorten it. */
    for (uint32_t token = 1; token <= 5; token++)
        memory_fence(f->a, slot, token, NOW, NOW + MS);
    assert_int_equal(flags_at(f->a, NOW + 4999 * MS), MEMORY_FENCED);
}

static void test_an_expired_fence_makes_room(void **state)
{
    struct fixture *f = *state;

    for (uint32_t token = 1; token <= 4; token++)
        memory_fence(f->a, slot, token, NOW, NOW + 10 * MS);
    memory_fence(f->a, slot, 5, NOW + 10 * MS, NOW + 20 * MS);
    memory_release(f->a, slot, 5);
    assert_int_equal(flags_at(f->a, NOW + 10 * MS), 0);
    /* The one whose place was taken releases late: the other's fence stays. */
    memory_fence(f->a, slot, 6, NOW + 10 * MS, NOW + 20 * MS);
    memory_release(f->a, slot, 1);
    assert_int_equal(flags_at(f->a, NOW + 11 * MS), MEMORY_FENCED);
}

/* The farthest that a stamp can say, some 34 years ahead. */
#define FAR (((UINT64_C(1) << 40) - 1) << 24 | 77)

static void test_a_stray_stamp_is_no_fence(void **state)
{
    struct fixture *f = *state;
    struct tag_line *line = tag_line(f->a, slot);

    for (int i = 0; i < MEMORY_FENCES; i++)
        atomic_store(&line->fences[i], FAR);
    atomic_store(&line->overflow, FAR);
    assert_int_equal(flags_at(f->b, NOW), 0);
    /* Fences are seen beside it, and take its place. */
    for (uint32_t token = 1; token <= MEMORY_FENCES + 1; token++) {
        memory_fence(f->a, slot, token, NOW, NOW + MEMORY_FENCE_MAX_MS * MS);
        assert_int_equal(flags_at(f->b, NOW), MEMORY_FENCED);
    }
    for (int i = 0; i < MEMORY_FENCES; i++)
        assert_true(atomic_load(&line->fences[i]) != FAR);
    assert_true(atomic_load(&line->overflow) != FAR);
    for (uint32_t token = 1; token <= MEMORY_FENCES; token++)
        memory_release(f->a, slot, token);
    assert_int_equal(flags_at(f->b, NOW + MEMORY_FENCE_MAX_MS * MS - 1), MEMORY_FENCED);
    assert_int_equal(flags_at(f->b, NOW + MEMORY_FENCE_MAX_MS * MS), 0);
}

/* Who read the clock and was stopped since sees fences that were set meanwhile. */
static void test_a_fence_is_seen_by_who_comes_with_an_old_time(void **state)
{
    struct fixture *f = *state;
    int64_t now_ns = clock_mono_ns();

    memory_fence(f->a, slot, 1, now_ns, now_ns + MEMORY_FENCE_MAX_MS * MS);
    assert_int_equal(flags_at(f->b, now_ns), MEMORY_FENCED);
    assert_int_equal(flags_at(f->b, 0), MEMORY_FENCED);
}

static void test_a_check_tells_what_has_changed(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot;

    memory_snapshot(f->a, &slot, 1, NOW, &snapshot);
    assert_int_equal(memory_check(f->b, &snapshot, NOW), 0);
    memory_fence(f->b, slot, 1, NOW, NOW + MS);
    assert_int_equal(memory_check(f->a, &snapshot, NOW), MEMORY_MOVED | MEMORY_FENCED);
    memory_snapshot(f->a, &slot, 1, NOW, &snapshot);
    memory_release(f->b, slot, 1);
    /* A snapshot taken under a fence is never good again. */
    assert_int_equal(memory_check(f->a, &snapshot, NOW), MEMORY_MOVED | MEMORY_FENCED);
    memory_snapshot(f->a, &slot, 1, NOW, &snapshot);
    assert_int_equal(memory_check(f->a, &snapshot, NOW), 0);
    memory_void(f->b);
    assert_int_equal(memory_check(f->a, &snapshot, NOW), MEMORY_MOVED);
}

static void test_a_debt_is_settled_by_its_generation_only(void **state)
{
    struct fixture *f = *state;
    uint64_t first = memory_set_pending(f->a, slot), second, seq;

    assert_int_equal(flags_at(f->b, NOW), MEMORY_PENDING);
    assert_int_equal(memory_pending(f->b, slot), first);
    second = memory_set_pending(f->b, slot);
    assert_true(second != first);
    assert_false(memory_settle(f->a, slot, first));
    assert_int_equal(flags_at(f->b, NOW), MEMORY_PENDING);
    seq = seq_of(f->a);
    assert_true(memory_settle(f->a, slot, second));
    assert_true(seq_of(f->a) > seq);
    assert_int_equal(flags_at(f->b, NOW), 0);
    assert_int_equal(memory_pending(f->b, slot), 0);
    assert_false(memory_settle(f->a, slot, second));
    assert_true(memory_set_pending(f->a, slot) > second);
}

static void test_debts_are_found_by_walking(void **state)
{
    struct fixture *f = *state;
    uint32_t at_slot = 0;

    assert_false(memory_pending_next(f->a, &at_slot));
    (void)memory_set_pending(f->a, 0);
    (void)memory_set_pending(f->a, 99);
    (void)memory_set_pending(f->a, MEMORY_TAG_SLOTS - 1);
    for (at_slot = 0; at_slot < 1; at_slot++)
        assert_true(memory_pending_next(f->b, &at_slot) && at_slot == 0);
    assert_true(memory_pending_next(f->b, &at_slot) && at_slot == 99);
    at_slot++;
    assert_true(memory_pending_next(f->b, &at_slot) && at_slot == MEMORY_TAG_SLOTS - 1);
    at_slot++;
    assert_false(memory_pending_next(f->b, &at_slot));
}

/* Some are marked twice, some settled twice: none is lost, and in the end there are none. */
static void test_no_debt_is_lost_to_the_count(void **state)
{
    struct fixture *f = *state;
    uint64_t first = memory_set_pending(f->a, 7), second = memory_set_pending(f->b, 7),
             other = memory_set_pending(f->a, 9);
    uint32_t at_slot = 0;

    assert_false(memory_settle(f->a, 7, first));
    assert_true(memory_settle(f->a, 9, other));
    assert_false(memory_settle(f->b, 9, other));
    assert_true(memory_pending_next(f->b, &at_slot) && at_slot == 7);
    assert_true(memory_settle(f->a, 7, second));
    assert_int_equal(f->a->segment->pending, 0);
    assert_false(memory_pending_next(f->b, &at_slot));
    (void)memory_set_pending(f->b, 7);
    at_slot = 0;
    assert_true(memory_pending_next(f->a, &at_slot) && at_slot == 7);
}

#define with_segment(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots_follow_from_the_text_alone),
        with_segment(test_tokens_differ_and_are_never_0),
        with_segment(test_a_fence_stands_until_its_time),
        with_segment(test_an_expiry_between_two_milliseconds_is_rounded_up),
        with_segment(test_fence_and_release_both_move_the_tag),
        with_segment(test_a_release_takes_only_its_own_fence),
        with_segment(test_one_release_ends_all_fences_of_its_token),
        with_segment(test_a_fifth_fence_stays_until_it_expires),
        with_segment(test_an_expired_fence_makes_room),
        with_segment(test_a_stray_stamp_is_no_fence),
        with_segment(test_a_fence_is_seen_by_who_comes_with_an_old_time),
        with_segment(test_a_check_tells_what_has_changed),
        with_segment(test_a_debt_is_settled_by_its_generation_only),
        with_segment(test_debts_are_found_by_walking),
        with_segment(test_no_debt_is_lost_to_the_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
