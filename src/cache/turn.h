/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_TURN_H
#define LARDER_CACHE_TURN_H

#include <uv.h>

/* What one turn of the loop gathers, to be done together at its end: a command costs more than what
 * it asks for. */
struct turn {
    uv_check_t check;
    uv_idle_t idle; /* so that the loop does not wait for events before */
    void (*flush)(void *context);
    void (*closed)(void *context);
    void *context;
    unsigned handles;
};

void turn_init(struct turn *turn, uv_loop_t *loop, void (*flush)(void *context), void *context);
/* There is something: flush(context) comes at the end of this turn, once. */
void turn_begin(struct turn *turn);
/* There is nothing any more: flush does not come. */
void turn_end(struct turn *turn);
/* closed(context) comes from the loop, when the turn may be freed. */
void turn_close(struct turn *turn, void (*closed)(void *context));

#endif
