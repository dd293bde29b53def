/* SPDX-License-Identifier: BSD-2-Clause */
#include "backend/pulse.h"

#include "base/clock.h"
#include "base/histogram.h"
#include "base/process.h"

enum { BEAT_MS = 100, BEATS_A_MEASURE = 10, HOLD_MS = 2 };

static void on_awake(uv_check_t *check)
{
    struct pulse *pulse = check->data;

    pulse->woke_ms = uv_now(check->loop);
}

/* By the loop's own clock, which libuv reads after each wait and before the next one's timers: a
 * difference of two of its whole milliseconds is more than one. */
static void on_before_wait(uv_prepare_t *prepare)
{
    struct pulse *pulse = prepare->data;
    uint64_t held_ms = uv_now(prepare->loop) - pulse->woke_ms;

    if (held_ms >= HOLD_MS && pulse->woke_ms != 0)
        histogram_add(HISTOGRAM_LOOP_HOLD, (int64_t)held_ms * 1000000);
}

static void on_pulse_beat(uv_timer_t *timer)
{
    struct pulse *pulse = timer->data;
    int64_t now_ns = clock_mono_ns();
    int64_t late_ns = now_ns - pulse->last_ns - BEAT_MS * INT64_C(1000000);

    histogram_add(HISTOGRAM_LOOP_DELAY, late_ns > 0 ? late_ns : 0);
    pulse->last_ns = now_ns;
    if (++pulse->beats % BEATS_A_MEASURE == 0)
        process_measure();
}

void pulse_start(struct pulse *pulse, uv_loop_t *loop)
{
    uv_timer_init(loop, &pulse->timer);
    uv_check_init(loop, &pulse->check);
    uv_prepare_init(loop, &pulse->prepare);
    pulse->timer.data = pulse->check.data = pulse->prepare.data = pulse;
    pulse->woke_ms = 0;
    pulse->last_ns = clock_mono_ns();
    pulse->beats = 0;
    uv_timer_start(&pulse->timer, on_pulse_beat, BEAT_MS, BEAT_MS);
    uv_check_start(&pulse->check, on_awake);
    uv_prepare_start(&pulse->prepare, on_before_wait);
    process_measure();
}

void pulse_stop(struct pulse *pulse)
{
    uv_close((uv_handle_t *)&pulse->timer, NULL);
    uv_close((uv_handle_t *)&pulse->check, NULL);
    uv_close((uv_handle_t *)&pulse->prepare, NULL);
}
