/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "memory/ghost.h"

static struct ghost lines[4];
static struct stripe stripe = {.ghosts = lines, .ghost_count = 4};

static uint64_t hash_of(uint64_t i)
{
    return UINT64_C(0x0123456780000000) | i << 1;
}

static int setup(void **state)
{
    (void)state;
    memset((void *)lines, 0, sizeof lines);
    return 0;
}

static void test_a_ghost_is_taken_once(void **state)
{
    (void)state;
    assert_false(ghost_take(&stripe, hash_of(1)));
    ghost_add(&stripe, hash_of(1));
    assert_false(ghost_take(&stripe, hash_of(2)));
    assert_true(ghost_take(&stripe, hash_of(1)));
    assert_false(ghost_take(&stripe, hash_of(1)));
}

static void test_the_oldest_of_a_line_is_forgotten(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= MEMORY_GHOSTS + 1; i++)
        ghost_add(&stripe, hash_of(i));
    assert_false(ghost_take(&stripe, hash_of(1)));
    for (uint64_t i = 2; i <= MEMORY_GHOSTS + 1; i++)
        assert_true(ghost_take(&stripe, hash_of(i)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_ghost_is_taken_once, setup),
        cmocka_unit_test_setup(test_the_oldest_of_a_line_is_forgotten, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
