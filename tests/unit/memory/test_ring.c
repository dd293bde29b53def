/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdlib.h>

#include "memory/ring.h"

enum { UNITS = 64 };

static _Atomic uint64_t words[UNITS * 2];
static struct ring_ends ends;
static struct ring ring = {words, &ends, UNITS};

static int setup(void **state)
{
    (void)state;
    memset((void *)words, 0xff, sizeof words);
    ring_init(&ring);
    return 0;
}

static uint64_t append(uint32_t units, uint64_t hash)
{
    struct record record = {.units = units, .kind = RECORD_ENTRY, .key_hash = hash};
    uint64_t place;

    while (ring_free(&ring) < ring_cost(&ring, units)) {
        struct ring_piece piece;

        assert_true(ring_oldest(&ring, &piece));
        ring_drop(&ring, &piece);
    }
    place = ring_reserve(&ring, units);
    words_write(ring_at(&ring, place), &record, 24);
    ring_publish(&ring, place, units);
    return place;
}

static void test_an_empty_ring(void **state)
{
    struct ring_piece piece;

    (void)state;
    assert_int_equal(ring_free(&ring), UNITS);
    assert_int_equal(ring_cost(&ring, UNITS), UNITS);
    assert_false(ring_oldest(&ring, &piece));
    assert_false(ring_has_turned(&ring));
}

static void test_records_leave_in_the_order_they_came(void **state)
{
    struct ring_piece piece;

    (void)state;
    for (uint64_t i = 0; i < 4; i++)
        (void)append(10, i);
    assert_int_equal(ring_free(&ring), UNITS - 40);
    for (uint64_t i = 0; i < 4; i++) {
        assert_true(ring_oldest(&ring, &piece));
        assert_int_equal(piece.key_hash, i);
        assert_int_equal(piece.units, 10);
        ring_drop(&ring, &piece);
    }
    assert_false(ring_oldest(&ring, &piece));
}

static void test_a_record_never_goes_round_the_end(void **state)
{
    struct ring_piece piece;
    uint64_t place;

    (void)state;
    (void)append(30, 1);
    (void)append(30, 2);
    assert_int_equal(ring_cost(&ring, 5), 4 + 5);
    place = append(5, 3); /* drops 1 for it */
    assert_int_equal((uint32_t)place, 0);
    assert_true(ring_has_turned(&ring));
    assert_true(ring_oldest(&ring, &piece) && piece.key_hash == 2);
    ring_drop(&ring, &piece);
    assert_true(ring_oldest(&ring, &piece) && piece.kind == RECORD_PAD && piece.units == 4);
    ring_drop(&ring, &piece);
    assert_true(ring_oldest(&ring, &piece) && piece.key_hash == 3);
}

static void test_a_record_that_fills_the_ring(void **state)
{
    struct ring_piece piece;

    (void)state;
    (void)append(UNITS, 1);
    assert_int_equal(ring_free(&ring), 0);
    (void)append(UNITS, 2);
    assert_true(ring_oldest(&ring, &piece) && piece.key_hash == 2);
}

static void test_what_the_tail_has_passed_is_told(void **state)
{
    uint64_t place;

    (void)state;
    for (int lap = 0; lap < 100000; lap++) {
        place = append(20, 1);
        assert_false(ring_passed(&ring, place & RING_PLACE_MASK));
        (void)append(20, 2);
        assert_false(ring_passed(&ring, place & RING_PLACE_MASK));
        (void)append(20, 3);
        (void)append(20, 4);
        assert_true(ring_passed(&ring, place & RING_PLACE_MASK));
    }
}

/* Random lengths against a plain list. */
static void test_walking_meets_every_record(void **state)
{
    unsigned seed = 5;
    uint64_t next = 0, at;
    struct ring_piece piece;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        uint64_t expected;

        (void)append(3 + (uint32_t)rand_r(&seed) % 29, next++);
        at = atomic_load(&ends.tail);
        expected = UINT64_MAX;
        while (ring_piece(&ring, at, &piece)) {
            if (piece.kind == RECORD_ENTRY) {
                assert_true(expected == UINT64_MAX || piece.key_hash == expected);
                expected = piece.key_hash + 1;
            }
            at = ring_next(&ring, &piece);
        }
        assert_int_equal(expected, next);
    }
}

static void test_a_destroyed_ring_is_emptied(void **state)
{
    static const uint64_t shapes[] = {0,
                                      UINT64_MAX,
                                      UINT64_C(1) << 56,
                                      UINT64_C(1) << 56 | 65,
                                      UINT64_C(3) << 56 | 5,
                                      UINT64_C(1) << 56 | 11};

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct ring_piece piece;
        uint64_t place;

        ring_init(&ring);
        place = append(10, 1);
        atomic_store(ring_at(&ring, place) + 1, shapes[i]);
        assert_false(ring_oldest(&ring, &piece));
        assert_int_equal(ring_free(&ring), UNITS);
        (void)append(10, 2);
        assert_true(ring_oldest(&ring, &piece) && piece.key_hash == 2);
    }
}

static void test_ends_that_cannot_be_are_told(void **state)
{
    enum { LAP = 7 };
    static const struct {
        uint64_t head_lap, tail_lap;
        uint32_t head, tail;
        bool sound;
    } cases[] = {
        {LAP, LAP, 5, 5, true},
        {LAP, LAP, UNITS - 1, 0, true},
        {LAP + 1, LAP, 5, 5, true},
        {LAP + 1, LAP, 0, UNITS - 1, true},
        {LAP, LAP, 4, 5, false},
        {LAP + 1, LAP, 6, 5, false},
        {LAP + 2, LAP, 0, UNITS - 1, false},
        {LAP, LAP + 1, 5, 5, false},
        {LAP, LAP, UNITS, 5, false},
        {LAP + 1, LAP, 0, UNITS, false},
        {1, 0, 0, 5, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        atomic_store(&ends.head, cases[i].head_lap << 32 | cases[i].head);
        atomic_store(&ends.tail, cases[i].tail_lap << 32 | cases[i].tail);
        assert_int_equal(ring_is_sound(&ring), cases[i].sound);
    }
}

/* A piece's hash lies in its second unit: at the last one nothing behind the ring is read. */
static void test_no_piece_is_read_outside_of_the_ring(void **state)
{
    _Atomic uint64_t *last = ring_at(&ring, UNITS - 1);
    struct ring_piece piece;

    (void)state;
    atomic_store(last + 1, UINT64_C(1) << 56 | 1);
    assert_true(ring_piece(&ring, UNITS - 1, &piece));
    assert_true(piece.key_hash == 0);
    assert_false(ring_piece(&ring, UNITS, &piece));
    assert_false(ring_piece(&ring, UINT32_MAX, &piece));
}

static void test_words_of_every_length(void **state)
{
    static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@#"
                               "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@#";
    _Atomic uint64_t copy[17];
    char out[130];

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        memset((void *)words, 0xff, sizeof words);
        memset(out, '!', sizeof out);
        words_write(words, text, len);
        words_copy(copy, words, words_of(len));
        words_read(out, copy, len);
        assert_memory_equal(out, text, len);
        assert_int_equal(out[len], '!');
        assert_true(words_equal(words, text, len));
        assert_int_equal(atomic_load(&words[words_of(len)]), UINT64_MAX);
        for (size_t i = 0; i < len; i++) {
            memcpy(out, text, len);
            out[i] ^= 1;
            assert_false(words_equal(words, out, len));
        }
    }
}

#define with_ring(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_ring(test_an_empty_ring),
        with_ring(test_records_leave_in_the_order_they_came),
        with_ring(test_a_record_never_goes_round_the_end),
        with_ring(test_a_record_that_fills_the_ring),
        with_ring(test_what_the_tail_has_passed_is_told),
        with_ring(test_walking_meets_every_record),
        with_ring(test_a_destroyed_ring_is_emptied),
        with_ring(test_ends_that_cannot_be_are_told),
        with_ring(test_no_piece_is_read_outside_of_the_ring),
        with_ring(test_words_of_every_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
