/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment.h"

#include <fcntl.h>
#include <sys/stat.h>

static uint64_t used;

static void note_use(void *context, uint64_t key_hash)
{
    assert_ptr_equal(context, &used);
    used = key_hash;
}

static struct memory *view_of(const struct fixture *f)
{
    struct memory *view = NULL;

    used = 0;
    assert_int_equal(memory_view_open(f->name, note_use, &used, &view), ERR_OK);
    return view;
}

static void path_of(const struct fixture *f, char path[static 100])
{
    snprintf(path, 100, "/dev/shm/%s", f->name);
}

static void test_what_is_stored_is_seen_and_its_use_told(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    struct memory *view = view_of(f);

    assert_miss(view, "k");
    assert_int_equal(used, 0);
    put(f->a, "k", "body", &snapshot);
    assert_hit(view, "k", "body");
    assert_int_equal(used, memory_key(STR("k")).hash);
    memory_bump(f->a, memory_slot(STR("products")));
    assert_miss(view, "k");
    memory_view_close(view);
}

static void test_nothing_without_a_lease_or_under_a_fence(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    struct memory *view = view_of(f);

    put(f->a, "k", "body", &snapshot);
    assert_hit(view, "k", "body");
    memory_set_pending(f->b, memory_slot(STR("products")));
    assert_miss(view, "k");
    memory_lease_release(f->a, &f->lease);
    assert_false(memory_lease_valid(view, NOW));
    memory_view_close(view);
}

static void test_it_is_in_nobodys_way(void **state)
{
    struct fixture *f = *state;
    struct memory *view = view_of(f);
    struct memory_opened opened;

    memory_close(f->a);
    memory_close(f->b);
    f->b = NULL;
    assert_true(memory_view_is_current(view));
    f->a = open_bytes(f->name, 2 * MEMORY_BYTES_MIN, &opened);
    assert_true(opened.resized);
    assert_false(memory_view_is_current(view));
    assert_miss(view, "k");
    memory_view_close(view);
}

static void test_a_removed_one_is_not_current(void **state)
{
    struct fixture *f = *state;
    struct memory *view = view_of(f);
    struct memory_opened opened;

    memory_unlink(f->name);
    assert_false(memory_view_is_current(view));
    memory_view_close(view);
    assert_int_equal(memory_view_open(f->name, note_use, &used, &view), ERR_NOT_FOUND);
    memory_close(f->b);
    f->b = open_bytes(f->name, MEMORY_BYTES_MIN, &opened);
    view = view_of(f);
    assert_true(memory_view_is_current(view));
    memory_view_close(view);
}

/* Where a worker would die, a view has nothing. */
static void test_a_cut_one_ends_nobody(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    const off_t sizes[] = {MEMORY_BYTES_MIN / 2, 4096, 100, 0};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct memory *view = view_of(f);
        char path[100];
        bool found = get(view, "k") != NULL;

        assert_false(found);
        put(f->a, "k", "body", &snapshot);
        assert_hit(view, "k", "body");
        path_of(f, path);
        assert_int_equal(truncate(path, sizes[i]), 0);
        (void)get(view, "k");
        assert_false(memory_view_is_current(view));
        memory_view_close(view);
        fixture_close(f);
        fixture_open(f, MEMORY_BYTES_MIN);
        snapshot = snapshot_of(f->a, "products", NULL);
    }
}

static void test_a_head_that_was_overwritten(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    struct memory *view = view_of(f);
    char path[100];
    int fd;

    put(f->a, "k", "body", &snapshot);
    path_of(f, path);
    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "x", 1, 0), 1);
    close(fd);
    assert_miss(view, "k");
    assert_false(memory_view_is_current(view));
    memory_view_close(view);
}

static void test_of_somebody_else(void **state)
{
    struct fixture *f = *state;
    struct memory *view;
    char path[100];

    path_of(f, path);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(memory_view_open(f->name, note_use, &used, &view), ERR_DENIED);
    assert_int_equal(memory_view_open("../x", note_use, &used, &view), ERR_INVALID);
    if (geteuid() != 0)
        return;
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
    assert_int_equal(memory_view_open(f->name, note_use, &used, &view), ERR_DENIED);
}

/* As large as the others, or it would fit into what they leave. */
static void put_large(struct memory *m, const char *key, const struct memory_snapshot *snapshot)
{
    static char body[8000];

    memset(body, 'x', sizeof body - 1);
    put(m, key, body, snapshot);
}

static void put_many(struct memory *m, int from, int to, const struct memory_snapshot *snapshot)
{
    char key[32];

    for (int i = from; i < to; i++) {
        snprintf(key, sizeof key, "once-%d", i);
        put_large(m, key, snapshot);
    }
}

/* Hits elsewhere keep a record as those of a worker would. */
static void test_uses_elsewhere_count(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);

    put_many(f->a, 0, 1000, &snapshot); /* nothing is free any more */
    put_large(f->a, "often", &snapshot);
    put_large(f->a, "never", &snapshot);
    memory_used(f->a, memory_key(STR("often")).hash, 3);
    memory_used(f->a, memory_key(STR("nothing of that name")).hash, 3);
    put_many(f->a, 1000, 2000, &snapshot);
    assert_non_null(get(f->a, "often"));
    assert_miss(f->a, "never");
}

#define with_segment(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_segment(test_what_is_stored_is_seen_and_its_use_told),
        with_segment(test_nothing_without_a_lease_or_under_a_fence),
        with_segment(test_it_is_in_nobodys_way),
        with_segment(test_a_removed_one_is_not_current),
        with_segment(test_a_cut_one_ends_nobody),
        with_segment(test_a_head_that_was_overwritten),
        with_segment(test_of_somebody_else),
        with_segment(test_uses_elsewhere_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
