/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment.h"

#include "memory/index.h"

static void assert_found(struct memory *m, const char *what)
{
    char why[MEMORY_WHY_SIZE];

    assert_int_equal(memory_verify(m, why), ERR_INTERNAL);
    assert_non_null(strstr(why, what));
}

static void test_a_damaged_record_is_found_and_never_served(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    struct stripe *stripe = &f->a->stripes[0];
    struct memory_key key = memory_key(STR("k"));
    uint64_t entry;
    _Atomic uint64_t *words;

    put(f->a, "k", "a body of twenty-four..", &snapshot);
    entry = index_entry(index_find(stripe, key.hash));
    words = ring_at(&stripe->rings[entry_ring(entry)], entry_place(entry));
    assert_sound(f->b);
    for (unsigned bit = 0; bit < (RECORD_WORDS + 1 + 1 + 1 + 3) * 64u; bit++) {
        /* Filling behind "k", "head" and the body is covered by nothing, and shows nowhere. */
        unsigned word = bit / 64, from = word == RECORD_WORDS + 2   ? 32
                                         : word == RECORD_WORDS + 5 ? 56
                                                                    : 64;

        if (bit % 64 >= from)
            continue;
        atomic_fetch_xor(&words[word], UINT64_C(1) << bit % 64);
        assert_miss(f->b, "k");
        if (word != RECORD_WORDS + 1)
            assert_int_equal(memory_verify(f->b, (char[MEMORY_WHY_SIZE]){0}), ERR_INTERNAL);
        atomic_fetch_xor(&words[word], UINT64_C(1) << bit % 64);
    }
    assert_hit(f->b, "k", "a body of twenty-four..");
    assert_sound(f->b);
}

static void test_a_wrong_entry_is_found(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    struct stripe *stripe = &f->a->stripes[0];
    struct index_slot slot;
    uint64_t entry;

    put(f->a, "k", "body", &snapshot);
    slot = index_find(stripe, memory_key(STR("k")).hash);
    entry = index_entry(slot);
    atomic_store(&slot.bucket->entries[(slot.i + 1) % MEMORY_BUCKET], entry);
    assert_found(f->b, "two entries");
    atomic_store(&slot.bucket->entries[(slot.i + 1) % MEMORY_BUCKET], entry + 1);
    assert_found(f->b, "no record");
    assert_hit(f->b, "k", "body");
    atomic_store(&slot.bucket->entries[(slot.i + 1) % MEMORY_BUCKET], entry ^ UINT64_C(1) << 50);
    assert_found(f->b, "another key");
    atomic_store(&slot.bucket->entries[(slot.i + 1) % MEMORY_BUCKET], UINT64_MAX);
    assert_found(f->b, "no record");
}

static void test_ends_out_of_order_are_found(void **state)
{
    struct fixture *f = *state;

    atomic_fetch_add(&f->a->stripes[0].rings[RING_MAIN].ends->tail, 1);
    assert_found(f->b, "order");
}

static void test_statistics(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    struct memory_stats stats;

    put(f->a, "k", "body", &snapshot);
    put(f->a, "l", "body", &snapshot);
    memory_stats(f->a, &stats);
    assert_int_equal(stats.bytes, MEMORY_BYTES_MIN);
    assert_int_equal(stats.records, 2);
    assert_true(stats.used > 200 && stats.used < 1000);
}

#define with_segment(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_segment(test_a_damaged_record_is_found_and_never_served),
        with_segment(test_a_wrong_entry_is_found),
        with_segment(test_ends_out_of_order_are_found),
        with_segment(test_statistics),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
