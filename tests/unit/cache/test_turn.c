/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdlib.h>

#include "cache/turn.h"

struct fixture {
    uv_loop_t loop;
    struct turn turn;
    unsigned flushed, closed;
};

static void flush(void *context)
{
    ((struct fixture *)context)->flushed++;
}

static void on_closed(void *context)
{
    ((struct fixture *)context)->closed++;
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    uv_loop_init(&f->loop);
    turn_init(&f->turn, &f->loop, flush, f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    turn_close(&f->turn, on_closed);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->closed, 1);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    free(f);
    return 0;
}

/* However often it is begun; and though nothing else happens for an hour. */
static void test_it_is_flushed_once_at_the_end_of_the_turn(void **state)
{
    struct fixture *f = *state;
    uv_timer_t hour;

    uv_timer_init(&f->loop, &hour);
    uv_timer_start(&hour, on_timer, 3600000, 0);
    for (unsigned turn = 1; turn <= 2; turn++) {
        turn_begin(&f->turn);
        turn_begin(&f->turn);
        assert_int_equal(f->flushed, turn - 1);
        uv_run(&f->loop, UV_RUN_ONCE);
        assert_int_equal(f->flushed, turn);
    }
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(f->flushed, 2);
    uv_close((uv_handle_t *)&hour, NULL);
    uv_run(&f->loop, UV_RUN_NOWAIT);
}

static void test_one_that_was_ended_is_not_flushed(void **state)
{
    struct fixture *f = *state;

    turn_begin(&f->turn);
    turn_end(&f->turn);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(f->flushed, 0);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_it_is_flushed_once_at_the_end_of_the_turn),
        CASE(test_one_that_was_ended_is_not_flushed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
