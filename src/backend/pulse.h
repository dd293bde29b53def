/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BACKEND_PULSE_H
#define LARDER_BACKEND_PULSE_H

#include <stdint.h>
#include <uv.h>

/* What a worker measures of itself: turns of its loop that take two milliseconds or more, ten times
 * a second how late the loop is, once a second its processor time, memory and descriptors. */
struct pulse {
    uv_timer_t timer;
    uv_check_t check;
    uv_prepare_t prepare;
    uint64_t woke_ms;
    int64_t last_ns;
    unsigned beats;
};

void pulse_start(struct pulse *pulse, uv_loop_t *loop);
/* The handles are closed when the loop has come round once more. */
void pulse_stop(struct pulse *pulse);

#endif
