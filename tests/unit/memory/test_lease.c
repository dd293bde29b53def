/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment.h"

#include "base/clock.h"
#include "memory/segment.h"

static const int64_t ttl = 1000 * MS;

static int fresh(void **state)
{
    struct fixture *f;

    (void)fixture_setup(state);
    f = *state;
    memory_lease_release(f->a, &f->lease);
    return 0;
}

static void test_one_claim_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct memory_lease a, b;

    assert_true(memory_lease_acquire(f->a, NOW, ttl, &a));
    assert_false(memory_lease_acquire(f->b, NOW, ttl, &b));
    assert_false(memory_lease_acquire(f->b, NOW + ttl - 1, ttl, &b));
    assert_true(memory_lease_keep(f->a, &a, NOW + ttl - 1, ttl));
    assert_false(memory_lease_acquire(f->b, NOW + ttl, ttl, &b));
    assert_true(memory_lease_acquire(f->b, NOW + 2 * ttl, ttl, &b));
    assert_false(memory_lease_keep(f->a, &a, NOW + 2 * ttl, ttl));
}

static void test_a_claim_is_not_yet_validity(void **state)
{
    struct fixture *f = *state;
    struct memory_lease a;

    assert_true(memory_lease_acquire(f->a, NOW, ttl, &a));
    assert_false(memory_lease_valid(f->b, NOW));
    assert_true(memory_lease_renew(f->a, &a, NOW + 50 * MS));
    assert_true(memory_lease_valid(f->b, NOW + 50 * MS - 1));
    assert_false(memory_lease_valid(f->b, NOW + 50 * MS));
}

static void test_validity_is_rounded_down(void **state)
{
    struct fixture *f = *state;
    struct memory_lease a;

    assert_true(memory_lease_acquire(f->a, NOW, ttl, &a));
    assert_true(memory_lease_renew(f->a, &a, NOW + 2 * MS - 1));
    assert_true(memory_lease_valid(f->b, NOW + MS - 1));
    assert_false(memory_lease_valid(f->b, NOW + MS));
}

/* Stopped, replaced, woken: nothing it does counts any more. */
static void test_a_stale_owner_cannot_renew_over_its_successor(void **state)
{
    struct fixture *f = *state;
    struct memory_lease a, b;

    assert_true(memory_lease_acquire(f->a, NOW, ttl, &a));
    assert_true(memory_lease_renew(f->a, &a, NOW + 50 * MS));
    assert_true(memory_lease_acquire(f->b, NOW + ttl, ttl, &b));
    assert_false(memory_lease_keep(f->a, &a, NOW + ttl, ttl));
    memory_void(f->b);
    assert_true(memory_lease_renew(f->b, &b, NOW + ttl + 50 * MS));
    assert_false(memory_lease_renew(f->a, &a, NOW + 100 * ttl));
    assert_false(memory_lease_renew(f->a, &a, 0));
    memory_lease_release(f->a, &a);
    assert_true(memory_lease_valid(f->a, NOW + ttl + 50 * MS - 1));
    assert_false(memory_lease_valid(f->a, NOW + ttl + 50 * MS));
    assert_true(memory_lease_keep(f->b, &b, NOW + ttl, ttl));
}

static void test_an_expired_claim_that_nobody_took_is_kept(void **state)
{
    struct fixture *f = *state;
    struct memory_lease a, b;

    assert_true(memory_lease_acquire(f->a, NOW, ttl, &a));
    assert_true(memory_lease_keep(f->a, &a, NOW + 5 * ttl, ttl));
    assert_false(memory_lease_acquire(f->b, NOW + 5 * ttl, ttl, &b));
}

static void test_released_is_free_at_once(void **state)
{
    struct fixture *f = *state;
    struct memory_lease a, b;

    assert_true(memory_lease_acquire(f->a, NOW, ttl, &a));
    assert_true(memory_lease_renew(f->a, &a, NOW + 50 * MS));
    memory_lease_release(f->a, &a);
    assert_false(memory_lease_valid(f->b, NOW));
    assert_false(memory_lease_renew(f->a, &a, NOW + 50 * MS));
    assert_false(memory_lease_keep(f->a, &a, NOW, ttl));
    assert_true(memory_lease_acquire(f->b, NOW, ttl, &b));
    assert_false(memory_lease_keep(f->a, &a, NOW, ttl));
    assert_true(memory_lease_renew(f->b, &b, NOW + 50 * MS));
    memory_lease_release(f->a, &a);
    assert_true(memory_lease_valid(f->a, NOW));
}

/* Thirty-four years ahead. */
static uint64_t far_stamp(uint32_t number)
{
    return stamp_make((UINT64_C(1) << 40) - 1, number);
}

static void test_a_stray_claim_keeps_nobody_out(void **state)
{
    struct fixture *f = *state;
    struct memory_lease a, b;

    assert_true(memory_lease_acquire(f->a, NOW, ttl, &a));
    atomic_store(&f->a->segment->claim, far_stamp(a.number + 5));
    assert_false(memory_lease_keep(f->a, &a, NOW, ttl));
    assert_true(memory_lease_acquire(f->b, NOW, ttl, &b));
    assert_true(memory_lease_renew(f->b, &b, NOW + 50 * MS));
    assert_false(memory_lease_acquire(f->a, NOW, ttl, &a));
}

static void test_a_stray_validity_is_none(void **state)
{
    struct fixture *f = *state;
    struct memory_lease a, b;

    assert_true(memory_lease_acquire(f->a, NOW, ttl, &a));
    atomic_store(&f->a->segment->valid, far_stamp(a.number));
    assert_false(memory_lease_valid(f->b, NOW));
    /* Nor does its number, later than any that was given out, refuse each claim to come. */
    atomic_store(&f->a->segment->valid, far_stamp(a.number + 1000));
    assert_false(memory_lease_renew(f->a, &a, NOW + 50 * MS));
    memory_lease_release(f->a, &a);
    assert_true(memory_lease_acquire(f->b, NOW, ttl, &b));
    assert_true(memory_lease_renew(f->b, &b, NOW + 50 * MS));
    assert_true(memory_lease_valid(f->a, NOW));
    assert_false(memory_lease_renew(f->a, &a, NOW + 50 * MS));
}

/* The claim was taken after the clock was read. */
static void test_a_claim_stands_for_who_comes_with_an_old_time(void **state)
{
    struct fixture *f = *state;
    struct memory_lease a, b;

    assert_true(memory_lease_acquire(f->a, clock_mono_ns(), ttl, &a));
    assert_false(memory_lease_acquire(f->b, 0, ttl, &b));
}

#define with_segment(test) cmocka_unit_test_setup_teardown(test, fresh, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_segment(test_one_claim_at_a_time),
        with_segment(test_a_claim_is_not_yet_validity),
        with_segment(test_validity_is_rounded_down),
        with_segment(test_a_stale_owner_cannot_renew_over_its_successor),
        with_segment(test_an_expired_claim_that_nobody_took_is_kept),
        with_segment(test_released_is_free_at_once),
        with_segment(test_a_stray_claim_keeps_nobody_out),
        with_segment(test_a_stray_validity_is_none),
        with_segment(test_a_claim_stands_for_who_comes_with_an_old_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
