/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_TURN_H
#define LARDER_CACHE_TURN_H

#include <uv.h>

/* Batches work until the end of the loop's turn: one command with many keys is cheaper than many
 * commands. */
struct turn {
    uv_check_t check;
    uv_idle_t idle; /* keeps the loop from waiting for events first */
    void (*flush)(void *context);
    void (*closed)(void *context);
    void *context;
    unsigned handles;
};

void turn_init(struct turn *turn, uv_loop_t *loop, void (*flush)(void *context), void *context);
/* There is work: flush(context) is called once, at the end of this turn. */
void turn_begin(struct turn *turn);
/* There is no work any more: flush is not called. */
void turn_end(struct turn *turn);
/* Calls closed(context) from the loop; then the turn may be freed. */
void turn_close(struct turn *turn, void (*closed)(void *context));

#endif
