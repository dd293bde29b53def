/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment.h"

#include "memory/record.h"

enum { UNITS = 32 };

static _Atomic uint64_t words[UNITS * 2];

static struct record write_one(struct memory *m)
{
    struct memory_snapshot snapshot = snapshot_of(m, "products", "products:books");
    struct memory_item item = {
        .key = memory_key(STR("the key")),
        .parts = {STR_INIT("head"), STR_INIT("a body of some length"), STR_INIT("packed")},
        .expires_ms = 99,
    };
    struct record record;

    record_make(&record, &item, &snapshot);
    record_write(words, &record, &item);
    return record;
}

static void test_what_is_written_is_read(void **state)
{
    struct record record = write_one(((struct fixture *)*state)->a), read;

    assert_true(record_read(words, record.units, &read));
    assert_memory_equal(&read, &record, sizeof(uint64_t) * (RECORD_WORDS + 2));
    assert_true(words_equal(record_key(words, &read), "the key", 7));
    assert_true(words_equal(record_part(words, &read, MEMORY_HEAD), "head", 4));
    assert_true(words_equal(record_part(words, &read, MEMORY_BODY), "a body of some length", 21));
    assert_true(words_equal(record_part(words, &read, MEMORY_PACKED), "packed", 6));
    assert_true(record_is_same(&read, &record));
}

static void test_every_flipped_bit_of_the_fixed_part_is_noticed(void **state)
{
    struct record record = write_one(((struct fixture *)*state)->a), read;

    for (unsigned bit = 0; bit < (RECORD_WORDS + record.tag_count) * 64u; bit++) {
        atomic_fetch_xor(&words[bit / 64], UINT64_C(1) << bit % 64);
        assert_false(record_read(words, UNITS, &read));
        atomic_fetch_xor(&words[bit / 64], UINT64_C(1) << bit % 64);
    }
    assert_true(record_read(words, UNITS, &read));
}

static void test_a_record_beyond_its_room_is_not_read(void **state)
{
    struct record record = write_one(((struct fixture *)*state)->a), read;

    for (uint32_t units = 0; units < record.units; units++)
        assert_false(record_read(words, units, &read));
}

static void test_current_and_trusted(void **state)
{
    struct fixture *f = *state;
    struct record record = write_one(f->a);
    uint32_t slot = memory_slot(STR("products:books"));

    assert_true(record_is_current(f->b, &record));
    assert_true(record_is_trusted(f->b, &record, NOW));
    (void)memory_set_pending(f->a, slot);
    assert_true(record_is_current(f->b, &record));
    assert_false(record_is_trusted(f->b, &record, NOW));
    memory_bump(f->a, slot);
    assert_false(record_is_current(f->b, &record));
    record = write_one(f->a);
    memory_void(f->a);
    assert_false(record_is_current(f->b, &record));
}

#define with_segment(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_segment(test_what_is_written_is_read),
        with_segment(test_every_flipped_bit_of_the_fixed_part_is_noticed),
        with_segment(test_a_record_beyond_its_room_is_not_read),
        with_segment(test_current_and_trusted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
