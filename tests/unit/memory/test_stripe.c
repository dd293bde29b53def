/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "memory/stripe.h"

enum { BODY = 1000 };
static char body[BODY + 1];

static const char *key_of(char kind, int i)
{
    static char key[32];

    snprintf(key, sizeof key, "%c%d", kind, i);
    return key;
}

static void fill(struct memory *m, char kind, int count)
{
    struct memory_snapshot snapshot = snapshot_of(m, "products", NULL);

    memset(body, kind, BODY);
    for (int i = 0; i < count; i++)
        assert_int_equal(put(m, key_of(kind, i), body, &snapshot), ERR_OK);
}

/* How many of them are there; looking is a use. */
static int count(struct memory *m, char kind, int up_to)
{
    int found = 0;

    for (int i = 0; i < up_to; i++)
        found += get(m, key_of(kind, i)) != NULL;
    return found;
}

/* 4 MiB hold some 3,600 records of this size, the small ring a tenth of them. */

static void test_what_fits_stays_without_a_single_hit(void **state)
{
    struct fixture *f = *state;

    fill(f->a, 'a', 3000);
    assert_true(count(f->b, 'a', 3000) > 2950);
    assert_sound(f->a);
}

static void test_a_scan_does_not_drive_out_what_is_used(void **state)
{
    struct fixture *f = *state;
    struct memory_stats stats;

    fill(f->a, 'a', 2000);
    for (int round = 0; round < 3; round++)
        (void)count(f->b, 'a', 2000);
    fill(f->a, 's', 40000); /* ten times the memory */
    assert_true(count(f->b, 'a', 2000) > 1900);
    assert_sound(f->a);
    memory_stats(f->a, &stats);
    assert_true(stats.evictions > 30000);
    assert_true(stats.used <= stats.bytes);
}

static void test_what_comes_back_soon_goes_to_the_main_ring(void **state)
{
    struct fixture *f = *state;

    fill(f->a, 's', 10000);
    fill(f->a, 'a', 1);
    fill(f->a, 't', 600); /* drives it out of the small ring, into the ghosts */
    assert_int_equal(count(f->b, 'a', 1), 0);
    fill(f->a, 'a', 1);
    fill(f->a, 'u', 600);
    assert_int_equal(count(f->b, 'a', 1), 1);
}

static void test_what_was_voided_makes_room_first(void **state)
{
    struct fixture *f = *state;

    fill(f->a, 'a', 4000);
    for (int round = 0; round < 4; round++)
        (void)count(f->b, 'a', 4000);
    memory_void(f->a);
    fill(f->a, 'b', 3000);
    assert_true(count(f->b, 'b', 3000) > 2900);
    assert_sound(f->a);
}

static void test_used_records_do_not_fill_the_memory_for_ever(void **state)
{
    struct fixture *f = *state;

    for (char kind = 'a'; kind <= 'h'; kind++)
        for (int round = 0; round < 4; round++) {
            fill(f->a, kind, 2000);
            (void)count(f->b, kind, 2000);
        }
    assert_true(count(f->b, 'h', 2000) > 1500);
    assert_sound(f->a);
}

static void test_sizes_at_random(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    size_t max = memory_item_max(f->a) - 100;
    char *bytes = calloc(1, max);
    unsigned seed = 3;

    for (int i = 0; i < 30000; i++) {
        size_t len = (size_t)rand_r(&seed) % (i % 50 == 0 ? max : 2000);
        struct memory_item item = {.key = memory_key(str_from(key_of('k', rand_r(&seed) % 2000))),
                                   .expires_ms = INT64_MAX,
                                   .parts = {[MEMORY_BODY] = {bytes, len}}};
        struct memory_hit hit;
        static char out[1 << 20];

        memcpy(bytes, &i, sizeof i);
        assert_int_equal(memory_put(f->a, &item, &snapshot, NOW), ERR_OK);
        assert_int_equal(memory_get(f->b, &item.key, at(NOW), MEMORY_BODY, out, sizeof out, &hit),
                         ERR_OK);
        assert_int_equal(hit.lens[MEMORY_BODY], len);
        assert_memory_equal(out, bytes, len);
        if (i % 1000 == 0)
            assert_sound(f->a);
    }
    assert_sound(f->a);
    free(bytes);
}

static void test_a_locked_stripe_is_busy_at_once(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    struct memory_key key = memory_key(STR("k"));
    int64_t start;

    put(f->a, "k", "one", &snapshot);
    assert_true(stripe_lock(&f->b->stripes[0]));
    start = clock_mono_ns();
    assert_int_equal(put(f->a, "k", "two", &snapshot), ERR_BUSY);
    assert_true(clock_mono_ns() - start < 1000 * MS);
    assert_int_equal(memory_remove(f->a, &key), ERR_BUSY);
    assert_hit(f->a, "k", "one");
    stripe_unlock(&f->b->stripes[0]);
    assert_int_equal(put(f->a, "k", "two", &snapshot), ERR_OK);
}

static void test_a_killed_writers_lock_is_taken_over(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    struct memory_stats stats;

    for (int i = 1; i <= 3; i++) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
            if (!stripe_lock(&f->a->stripes[0]))
                _exit(1);
            raise(SIGKILL);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(put(f->b, "k", key_of('v', i), &snapshot), ERR_OK);
        assert_hit(f->a, "k", key_of('v', i));
        memory_stats(f->a, &stats);
        assert_int_equal(stats.recovered, i);
    }
    assert_sound(f->a);
}

/* Each of the words that say where the rings begin and end. */
static _Atomic uint64_t *end_of(struct stripe *stripe, int i)
{
    struct ring_ends *ends = &stripe->line->ends[i / 2];

    return i % 2 == 0 ? &ends->head : &ends->tail;
}

static void test_a_flipped_bit_in_the_ends_costs_records_only(void **state)
{
    struct fixture *f = *state;
    char why[MEMORY_WHY_SIZE];

    fill(f->a, 'a', 6000);
    for (int end = 0; end < 2 * RINGS; end++)
        for (int bit = 0; bit < 64; bit++) {
            atomic_fetch_xor(end_of(&f->a->stripes[0], end), UINT64_C(1) << bit);
            (void)memory_verify(f->b, why);
            (void)count(f->b, 'a', 100);
            fill(f->b, 'a', 600);
            assert_true(count(f->a, 'a', 600) > 100);
        }
    fill(f->a, 's', 40000); /* drives out what was written over */
    assert_sound(f->a);
    fill(f->a, 'b', 300);
    assert_int_equal(count(f->b, 'b', 300), 300);
}

static void test_a_stripe_that_was_emptied_counts_anew(void **state)
{
    struct fixture *f = *state;
    struct memory_stats stats;

    fill(f->a, 'a', 100);
    atomic_fetch_xor(end_of(&f->a->stripes[0], 0), UINT64_C(1) << 63);
    fill(f->b, 'b', 10);
    memory_stats(f->a, &stats);
    assert_int_equal(stats.records, 10);
    assert_int_equal(count(f->a, 'a', 100), 0);
    assert_sound(f->a);
    atomic_store(&f->a->stripes[0].line->largest, UINT32_MAX);
    fill(f->b, 'c', 3000);
    assert_true(count(f->a, 'c', 3000) > 2950);
    assert_sound(f->a);
}

#define with_segment(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_segment(test_what_fits_stays_without_a_single_hit),
        with_segment(test_a_scan_does_not_drive_out_what_is_used),
        with_segment(test_what_comes_back_soon_goes_to_the_main_ring),
        with_segment(test_what_was_voided_makes_room_first),
        with_segment(test_used_records_do_not_fill_the_memory_for_ever),
        with_segment(test_sizes_at_random),
        with_segment(test_a_locked_stripe_is_busy_at_once),
        with_segment(test_a_killed_writers_lock_is_taken_over),
        with_segment(test_a_flipped_bit_in_the_ends_costs_records_only),
        with_segment(test_a_stripe_that_was_emptied_counts_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
