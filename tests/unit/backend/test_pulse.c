/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "backend/pulse.h"
#include "base/clock.h"
#include "base/histogram.h"

enum { DONE = -1 };

static struct pulse pulse;

/* How many turns took longer than so many seconds. */
static unsigned long holds(const char *seconds)
{
    struct buf text = BUF_INIT(1 << 20);
    char name[80];
    unsigned long counts[2] = {0};

    histograms_text(&text);
    buf_char(&text, '\0');
    for (int i = 0; i < 2; i++) {
        const char *found;

        snprintf(name, sizeof name, "\nlarder_loop_hold_seconds_bucket{le=\"%s\"} ",
                 i == 0 ? "+Inf" : seconds);
        if ((found = strstr(text.ptr, name)) != NULL)
            counts[i] = strtoul(found + strlen(name), NULL, 10);
    }
    buf_free(&text);
    return counts[0] - counts[1];
}

/* Works for as many milliseconds as its data says, then, in another turn, ends all. */
static void on_woken(uv_async_t *async)
{
    int *work_ms = async->data;
    int64_t until_ns = clock_mono_ns() + *work_ms * INT64_C(1000000);

    if (*work_ms == DONE) {
        pulse_stop(&pulse);
        uv_close((uv_handle_t *)async, NULL);
        return;
    }
    while (clock_mono_ns() < until_ns)
        continue;
    *work_ms = DONE;
    uv_async_send(async);
}

static void run(int work_ms)
{
    uv_async_t async;
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    pulse_start(&pulse, &loop);
    assert_int_equal(uv_async_init(&loop, &async, on_woken), 0);
    async.data = &work_ms;
    uv_async_send(&async);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_a_turn_that_takes_long_is_counted(void **state)
{
    (void)state;
    run(60);
    assert_int_equal(holds("0.05"), 1);
    run(0);
    assert_int_equal(holds("0.05"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_turn_that_takes_long_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
