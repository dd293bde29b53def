/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment.h"

#include "memory/index.h"

/* Hashes of one bucket that differ in the fingerprint, and records of nothing but a hash. */
static uint64_t hash_of(unsigned i)
{
    return UINT64_C(0x0123456780000000) | i;
}

static uint64_t append(struct stripe *stripe, int ring, uint64_t hash)
{
    struct record record = {.units = 6, .kind = RECORD_ENTRY, .key_hash = hash};
    uint64_t place = ring_reserve(&stripe->rings[ring], record.units);

    words_write(ring_at(&stripe->rings[ring], place), &record, 24);
    ring_publish(&stripe->rings[ring], place, record.units);
    return place;
}

static void test_put_find_erase(void **state)
{
    struct stripe *stripe = &((struct fixture *)*state)->a->stripes[0];

    for (unsigned i = 1; i <= MEMORY_BUCKET; i++) {
        int ring = (int)(i % RINGS);
        uint64_t place = append(stripe, ring, hash_of(i));

        assert_true(index_find(stripe, hash_of(i)).i < 0);
        index_put(stripe, hash_of(i), ring, place);
        assert_int_equal(index_entry(index_find(stripe, hash_of(i))),
                         entry_make(hash_of(i), ring, place));
        assert_true(index_find_place(stripe, hash_of(i), ring, place).i >= 0);
        assert_true(index_find_place(stripe, hash_of(i), !ring, place).i < 0);
        assert_int_equal(atomic_load(&stripe->line->records), i);
    }
    for (unsigned i = 1; i <= MEMORY_BUCKET; i++) {
        index_erase(stripe, index_find(stripe, hash_of(i)));
        assert_true(index_find(stripe, hash_of(i)).i < 0);
    }
    assert_int_equal(atomic_load(&stripe->line->records), 0);
}

/* Same bucket and fingerprint, another key. */
static void test_a_fingerprint_is_not_a_key(void **state)
{
    struct stripe *stripe = &((struct fixture *)*state)->a->stripes[0];
    uint64_t one = hash_of(1), two = one ^ 1 << 20;

    assert_ptr_equal(index_bucket(stripe, one), index_bucket(stripe, two));
    index_put(stripe, one, RING_SMALL, append(stripe, RING_SMALL, one));
    assert_true(index_find(stripe, two).i < 0);
    index_put(stripe, two, RING_SMALL, append(stripe, RING_SMALL, two));
    assert_true(index_find(stripe, one).i >= 0);
    assert_true(index_find(stripe, two).i >= 0);
    assert_int_equal(atomic_load(&stripe->line->records), 2);
}

static void test_uses_are_counted_to_three_and_stay_with_the_key(void **state)
{
    struct stripe *stripe = &((struct fixture *)*state)->a->stripes[0];
    struct index_slot slot;

    index_put(stripe, hash_of(1), RING_SMALL, append(stripe, RING_SMALL, hash_of(1)));
    slot = index_find(stripe, hash_of(1));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(index_uses(slot), i < 3 ? i : 3);
        index_use(slot.bucket, slot.i);
    }
    index_put(stripe, hash_of(1), RING_SMALL, append(stripe, RING_SMALL, hash_of(1)));
    assert_int_equal(index_uses(index_find(stripe, hash_of(1))), 3);
    index_erase(stripe, index_find(stripe, hash_of(1)));
    index_put(stripe, hash_of(1), RING_SMALL, append(stripe, RING_SMALL, hash_of(1)));
    assert_int_equal(index_uses(index_find(stripe, hash_of(1))), 0);
}

static void test_a_full_bucket_gives_up_the_least_used(void **state)
{
    struct stripe *stripe = &((struct fixture *)*state)->a->stripes[0];

    for (unsigned i = 1; i <= MEMORY_BUCKET; i++) {
        struct index_slot slot;

        index_put(stripe, hash_of(i), RING_SMALL, append(stripe, RING_SMALL, hash_of(i)));
        slot = index_find(stripe, hash_of(i));
        if (i != 4)
            index_use(slot.bucket, slot.i);
    }
    index_put(stripe, hash_of(99), RING_SMALL, append(stripe, RING_SMALL, hash_of(99)));
    assert_true(index_find(stripe, hash_of(4)).i < 0);
    assert_true(index_find(stripe, hash_of(99)).i >= 0);
    assert_int_equal(atomic_load(&stripe->line->records), MEMORY_BUCKET);
    assert_int_equal(atomic_load(&stripe->line->evictions), 1);
}

static void test_what_the_ring_has_passed_is_not_found(void **state)
{
    struct stripe *stripe = &((struct fixture *)*state)->a->stripes[0];
    struct ring_piece piece;

    index_put(stripe, hash_of(1), RING_SMALL, append(stripe, RING_SMALL, hash_of(1)));
    assert_true(ring_oldest(&stripe->rings[RING_SMALL], &piece));
    ring_drop(&stripe->rings[RING_SMALL], &piece);
    assert_true(index_find(stripe, hash_of(1)).i < 0);
}

#define with_segment(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_segment(test_put_find_erase),
        with_segment(test_a_fingerprint_is_not_a_key),
        with_segment(test_uses_are_counted_to_three_and_stay_with_the_key),
        with_segment(test_a_full_bucket_gives_up_the_least_used),
        with_segment(test_what_the_ring_has_passed_is_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
