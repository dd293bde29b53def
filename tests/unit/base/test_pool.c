/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "base/pool.h"

enum { SIZE = 64, MAX = 2, ITEMS = 3 };

/* What is kept of so many that were given back: nothing where a tool watches the heap. */
#if defined(__SANITIZE_ADDRESS__)
#define KEPT(count) 0
#else
#define KEPT(count) ((count) < MAX ? (count) : MAX)
#endif

static void take(struct pool *pool, void *items[ITEMS])
{
    for (int i = 0; i < ITEMS; i++) {
        items[i] = pool_take(pool);
        memset(items[i], i, SIZE);
    }
    for (int i = 0; i < ITEMS; i++)
        for (int j = 0; j < SIZE; j++)
            assert_int_equal(((const char *)items[i])[j], i);
}

static void test_so_many_are_kept_at_most(void **state)
{
    struct pool pool = POOL_INIT(SIZE, MAX);
    void *items[ITEMS];

    (void)state;
    take(&pool, items);
    assert_int_equal(pool.kept, 0);
    for (int i = 0; i < ITEMS; i++) {
        pool_put(&pool, items[i]);
        assert_int_equal(pool.kept, KEPT(i + 1));
    }
    pool_put(&pool, NULL);
    assert_int_equal(pool.kept, KEPT(ITEMS));
    pool_free(&pool);
}

static void test_what_is_kept_is_given_out_once(void **state)
{
    struct pool pool = POOL_INIT(SIZE, MAX);
    void *items[ITEMS], *again[ITEMS];

    (void)state;
    take(&pool, items);
    for (int i = 0; i < KEPT(MAX); i++)
        pool_put(&pool, items[i]);
    take(&pool, again);
    assert_int_equal(pool.kept, 0);
    for (int i = 0; i < KEPT(MAX); i++)
        assert_ptr_equal(again[i], items[KEPT(MAX) - 1 - i]);
    for (int i = KEPT(MAX); i < ITEMS; i++)
        pool_put(&pool, items[i]);
    for (int i = 0; i < ITEMS; i++)
        pool_put(&pool, again[i]);
    pool_free(&pool);
}

static void test_it_may_be_used_after_it_was_freed(void **state)
{
    struct pool pool = POOL_INIT(SIZE, MAX);
    void *items[ITEMS];

    (void)state;
    for (int round = 0; round < 2; round++) {
        take(&pool, items);
        for (int i = 0; i < ITEMS; i++)
            pool_put(&pool, items[i]);
        pool_free(&pool);
        assert_int_equal(pool.kept, 0);
        assert_null(pool.first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_so_many_are_kept_at_most),
        cmocka_unit_test(test_what_is_kept_is_given_out_once),
        cmocka_unit_test(test_it_may_be_used_after_it_was_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
