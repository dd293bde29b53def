/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/gateway.h"

#include <stdlib.h>

#include "base/idiom.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/connections.h"
#include "gateway/listener.h"

enum { LISTENERS_MAX = 8 };

struct gateway {
    struct connections all;
    struct listener *listeners[LISTENERS_MAX];
    size_t listener_count, listener_handles;
    uv_timer_t timer;
    uint32_t sweep_ms, leave_grace_ms, leave_ms;
    unsigned socket_mode;
    bool leaving, timer_closed;
    uint64_t leave_deadline;
    gateway_done *done;
    void *done_context;
};

/* Zero is "not set" everywhere: there is no use for a limit of nothing. */
static void set_limits(uint64_t *limits, const struct gateway_config *config)
{
    const uint32_t params = or_default(config->params_ms, 5000);

    limits[PHASE_FIRST] = limits[PHASE_RECORD] = limits[PHASE_PARAMS] = params;
    limits[PHASE_IDLE] = or_default(config->idle_ms, 90000);
    limits[PHASE_BODY] = or_default(config->body_idle_ms, 10000);
    limits[PHASE_BUSY] = UINT64_MAX;
    limits[PHASE_DRAIN] = or_default(config->drain_ms, 5000);
    limits[PHASE_WRITE] = or_default(config->write_idle_ms, 30000);
}

static void on_gateway_timer_closed(uv_handle_t *handle);

static void finish_when_empty(struct gateway *gateway)
{
    if (!gateway->leaving || gateway->all.handles > 0 || gateway->listener_handles > 0)
        return;
    if (!uv_is_closing((uv_handle_t *)&gateway->timer)) {
        uv_close((uv_handle_t *)&gateway->timer, on_gateway_timer_closed);
        return;
    }
    if (gateway->timer_closed)
        gateway->done(gateway->done_context);
}

static void on_gateway_timer_closed(uv_handle_t *handle)
{
    struct gateway *gateway = handle->data;

    gateway->timer_closed = true;
    finish_when_empty(gateway);
}

static void resume_listening(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->listener_count; i++)
        listener_resume(gateway->listeners[i]);
}

static void on_connection_closed(void *owner)
{
    struct gateway *gateway = owner;

    resume_listening(gateway);
    finish_when_empty(gateway);
}

static void on_listener_closed(void *owner)
{
    struct gateway *gateway = owner;

    gateway->listener_handles--;
    finish_when_empty(gateway);
}

static void on_timer(uv_timer_t *timer)
{
    struct gateway *gateway = timer->data;

    resume_listening(gateway);
    if (gateway->leaving && uv_now(gateway->all.loop) >= gateway->leave_deadline)
        connections_cut(&gateway->all);
    else
        connections_sweep(&gateway->all);
}

struct gateway *gateway_new(uv_loop_t *loop, const struct gateway_config *config,
                            gateway_handler *handler, void *context)
{
    struct gateway *gateway = mem_zalloc(sizeof *gateway);

    gateway->all.loop = loop;
    gateway->all.handler = handler;
    gateway->all.context = context;
    gateway->all.answering = config->answering;
    gateway->all.answering_context = config->answering_context;
    gateway->all.max = config->max_connections != 0 ? config->max_connections : 4096;
    gateway->all.pool = exchange_pool_new(config->max_body != 0 ? config->max_body : 65536);
    gateway->all.access = (struct access){
        .slow_ns = config->slow_ms != 0 ? (int64_t)config->slow_ms * 1000000 : INT64_MAX,
        .share = config->log_share,
    };
    gateway->all.on_close = on_connection_closed;
    gateway->all.owner = gateway;
    set_limits(gateway->all.limits, config);
    gateway->sweep_ms = or_default(config->sweep_ms, 500);
    gateway->leave_grace_ms = or_default(config->leave_grace_ms, 1000);
    gateway->leave_ms = or_default(config->leave_ms, 8000);
    gateway->socket_mode = config->socket_mode;
    uv_timer_init(loop, &gateway->timer);
    gateway->timer.data = gateway;
    uv_timer_start(&gateway->timer, on_timer, gateway->sweep_ms, gateway->sweep_ms);
    return gateway;
}

static void on_accepted(void *owner, int fd)
{
    struct gateway *gateway = owner;

    connection_open(&gateway->all, fd);
}

static enum err gateway_start(struct gateway *gateway, int fd, bool own)
{
    struct listener *listener;
    enum err err = listener_open(gateway->all.loop, fd, own, on_accepted, gateway, &listener);

    if (err != ERR_OK)
        return err;
    gateway->listeners[gateway->listener_count++] = listener;
    gateway->listener_handles++;
    log_info("gateway", "listening", LOG_CSTR("address", listener_address(listener)));
    return ERR_OK;
}

enum err gateway_listen(struct gateway *gateway, const char *text)
{
    int fds[LISTENERS_MAX];
    size_t room = LISTENERS_MAX - gateway->listener_count;
    size_t count = text == NULL ? listener_inherited(fds, room) : 1;
    enum err err = count > 0 ? ERR_OK : ERR_NOT_FOUND;

    if (text != NULL)
        err = room > 0 ? listener_bind(text, gateway->socket_mode, fds) : ERR_TOO_LARGE;
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = gateway_start(gateway, fds[i], text != NULL);
    return err;
}

const char *gateway_address(const struct gateway *gateway)
{
    return gateway->listener_count > 0 ? listener_address(gateway->listeners[0]) : "";
}

void gateway_drain(struct gateway *gateway, gateway_done *done, void *context)
{
    if (gateway->leaving)
        return;
    gateway->leaving = true;
    gateway->done = done;
    gateway->done_context = context;
    gateway->leave_deadline = uv_now(gateway->all.loop) + gateway->leave_ms;
    for (size_t i = 0; i < gateway->listener_count; i++)
        listener_close(gateway->listeners[i], on_listener_closed);
    gateway->listener_count = 0;
    connections_leave(&gateway->all, gateway->leave_grace_ms);
    finish_when_empty(gateway);
}

void gateway_free(struct gateway *gateway)
{
    if (gateway == NULL)
        return;
    exchange_pool_free(gateway->all.pool);
    free(gateway);
}

size_t gateway_connections(const struct gateway *gateway)
{
    return gateway->all.open;
}
