/* SPDX-License-Identifier: BSD-2-Clause */
#include "backend/pulse.h"

#include "base/clock.h"
#include "base/histogram.h"
#include "base/process.h"

enum { BEAT_MS = 100, BEATS_A_MEASURE = 10 };

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
    pulse->timer.data = pulse;
    pulse->last_ns = clock_mono_ns();
    pulse->beats = 0;
    uv_timer_start(&pulse->timer, on_pulse_beat, BEAT_MS, BEAT_MS);
    process_measure();
}

void pulse_stop(struct pulse *pulse)
{
    uv_close((uv_handle_t *)&pulse->timer, NULL);
}
