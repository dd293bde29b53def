/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/footprint.h"

enum { BLOCKS = 4096, BLOCK_SIZE = 4000 };

static long resident_pages(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages;
}

/* Fewer pages, and everything still runs and holds what it held. */
static void test_trim(void **state)
{
    static char *blocks[BLOCKS];
    static const char constant[] = "a constant";
    static char variable[] = "a variable";
    long before, after;

    (void)state;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BLOCK_SIZE);
        assert_non_null(blocks[i]);
        memset(blocks[i], (int)i, BLOCK_SIZE);
    }
    for (size_t i = 0; i < BLOCKS - 1; i++) /* the last one holds the heap's end */
        free(blocks[i]);
    variable[0] = 'A';
    before = resident_pages();
    footprint_trim();
    after = resident_pages();
    assert_true(after < before);
    assert_string_equal(constant, "a constant");
    assert_string_equal(variable, "A variable");
    assert_int_equal(blocks[BLOCKS - 1][BLOCK_SIZE - 1], (char)(BLOCKS - 1));
    free(blocks[BLOCKS - 1]);
    footprint_trim();
}

/* Whether such a block is a mapping of its own, which goes when it is freed. */
static bool is_mapped(size_t size)
{
    size_t before = mallinfo2().hblks;
    void *block = malloc(size);
    bool mapped = mallinfo2().hblks > before;

    assert_non_null(block);
    free(block);
    return mapped;
}

/* Also those of a size that has been freed before. */
static void test_bound(void **state)
{
    enum { LARGE = 8 << 20 };

    (void)state;
    if (!is_mapped(LARGE))
        return; /* a sanitizer's allocator has rules of its own */
    assert_false(is_mapped(LARGE / 2));
    footprint_bound();
    footprint_trim(); /* what is free in the heap comes first */
    assert_true(is_mapped(LARGE) && is_mapped(LARGE / 2));
    assert_false(is_mapped(100000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trim), cmocka_unit_test(test_bound)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
