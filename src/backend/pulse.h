/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BACKEND_PULSE_H
#define LARDER_BACKEND_PULSE_H

#include <stdint.h>
#include <uv.h>

/* What a worker measures of itself: ten times a second how late its loop is, and
 * once a second its processor time, memory and descriptors. */
struct pulse {
    uv_timer_t timer;
    int64_t last_ns;
    unsigned beats;
};

void pulse_start(struct pulse *pulse, uv_loop_t *loop);
/* The timer is closed when the loop has come round once more. */
void pulse_stop(struct pulse *pulse);

#endif
