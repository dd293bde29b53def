/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/turn.h"

static void on_check(uv_check_t *check)
{
    struct turn *turn = check->data;

    turn_end(turn);
    turn->flush(turn->context);
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void on_turn_closed(uv_handle_t *handle)
{
    struct turn *turn = handle->data;

    if (--turn->handles == 0)
        turn->closed(turn->context);
}

void turn_init(struct turn *turn, uv_loop_t *loop, void (*flush)(void *context), void *context)
{
    *turn = (struct turn){.flush = flush, .context = context, .handles = 2};
    uv_check_init(loop, &turn->check);
    uv_idle_init(loop, &turn->idle);
    turn->check.data = turn->idle.data = turn;
}

void turn_begin(struct turn *turn)
{
    uv_check_start(&turn->check, on_check);
    uv_idle_start(&turn->idle, on_idle);
}

void turn_end(struct turn *turn)
{
    uv_check_stop(&turn->check);
    uv_idle_stop(&turn->idle);
}

void turn_close(struct turn *turn, void (*closed)(void *context))
{
    turn->closed = closed;
    uv_close((uv_handle_t *)&turn->check, on_turn_closed);
    uv_close((uv_handle_t *)&turn->idle, on_turn_closed);
}
