/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdalign.h>

#include "base/arena.h"

enum { FIRST = 256, PIECES = 100, LARGE = 100000 };

static void test_what_is_taken_stays_apart(void **state)
{
    alignas(max_align_t) char first[FIRST];
    struct arena arena;
    char *pieces[PIECES];

    (void)state;
    arena_init(&arena, first, sizeof first);
    for (int i = 0; i < PIECES; i++) {
        pieces[i] = arena_alloc(&arena, (size_t)i);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], i, (size_t)i);
    }
    memset(arena_alloc(&arena, LARGE), 0xff, LARGE);
    for (int i = 0; i < PIECES; i++)
        for (int j = 0; j < i; j++)
            assert_int_equal(pieces[i][j], i);
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 1), first);
    arena_reset(&arena);
}

static void test_zeroed_memory_is_zero_when_used_again(void **state)
{
    alignas(max_align_t) char first[FIRST];
    struct arena arena;
    const char *bytes;

    (void)state;
    memset(first, 0xff, sizeof first);
    arena_init(&arena, first, sizeof first);
    bytes = arena_zalloc(&arena, FIRST);
    for (int i = 0; i < FIRST; i++)
        assert_int_equal(bytes[i], 0);
    arena_reset(&arena);
}

static void test_strings_are_copied_and_joined(void **state)
{
    struct arena arena;
    char text[] = "books";
    struct str copy, joined;

    (void)state;
    arena_init(&arena, NULL, 0);
    copy = arena_str(&arena, STR("books"));
    joined = ARENA_JOIN(&arena, STR("products"), STR(":"), str_make(NULL, 0), str_from(text));
    text[0] = 'B';
    assert_str(copy, "books");
    assert_str(joined, "products:books");
    assert_int_equal(joined.ptr[joined.len], '\0');
    assert_str(ARENA_JOIN(&arena, str_make(NULL, 0)), "");
    arena_reset(&arena);
}

static void test_numbers_stay_as_strings_do(void **state)
{
    struct arena arena;
    struct str zero, largest;

    (void)state;
    arena_init(&arena, NULL, 0);
    zero = arena_decimal(&arena, 0);
    largest = arena_decimal(&arena, UINT64_MAX);
    assert_str(zero, "0");
    assert_str(largest, "18446744073709551615");
    arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_taken_stays_apart),
        cmocka_unit_test(test_zeroed_memory_is_zero_when_used_again),
        cmocka_unit_test(test_strings_are_copied_and_joined),
        cmocka_unit_test(test_numbers_stay_as_strings_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
