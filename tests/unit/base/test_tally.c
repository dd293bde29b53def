/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "base/metrics_slot.h"
#include "base/tally.h"

static void each_client_has_its_own_count(void **state)
{
    (void)state;
    assert_int_equal(tally_add(UINT64_C(0x1234567890abcdef)), 1);
    assert_int_equal(tally_add(UINT64_C(0x1234567890abcdef)), 2);
    assert_int_equal(tally_add(UINT64_C(0xfedcba0987654321)), 1);
    tally_drop(UINT64_C(0x1234567890abcdef));
    assert_int_equal(tally_add(UINT64_C(0x1234567890abcdef)), 2);
    tally_drop(UINT64_C(0x1234567890abcdef));
    tally_drop(UINT64_C(0x1234567890abcdef));
    tally_drop(UINT64_C(0x1234567890abcdef)); /* there is none: nothing happens */
    assert_int_equal(tally_add(UINT64_C(0x1234567890abcdef)), 1);
    tally_drop(UINT64_C(0x1234567890abcdef));
    tally_drop(UINT64_C(0xfedcba0987654321));
}

/* Their counts begin at the same place of the table. */
static uint64_t neighbour(uint64_t i)
{
    return (i + 1) << 32;
}

static void clients_that_meet_are_told_apart(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 60; i++)
        assert_int_equal(tally_add(neighbour(i)), 1);
    for (uint64_t i = 0; i < 60; i += 2)
        tally_drop(neighbour(i));
    for (uint64_t i = 0; i < 60; i++)
        assert_int_equal(tally_add(neighbour(i)), 1 + i % 2);
    for (uint64_t i = 0; i < 60; i++)
        for (uint64_t n = 0; n <= i % 2; n++)
            tally_drop(neighbour(i));
}

static void one_without_a_place_is_not_counted(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 64; i++)
        assert_int_equal(tally_add(neighbour(i)), 1);
    assert_int_equal(tally_add(neighbour(64)), 0);
    tally_drop(neighbour(64));
    for (uint64_t i = 0; i < 64; i++)
        tally_drop(neighbour(i));
    assert_int_equal(tally_add(neighbour(64)), 1);
    tally_drop(neighbour(64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_client_has_its_own_count),
        cmocka_unit_test(clients_that_meet_are_told_apart),
        cmocka_unit_test(one_without_a_place_is_not_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
