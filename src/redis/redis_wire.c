/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "redis/redis_replies.h"

struct redis_wire {
    struct redis_wire_config config;
    redisAsyncContext *ac; /* NULL once hiredis has freed it */
    struct redis_replies *replies;
    uv_poll_t poll;
    int events;
    uint64_t heard_ms; /* by the loop's clock: when it last read */
    bool connected, flushing, abandoned;
};

redisAsyncContext *redis_wire_context(const struct redis_wire *wire)
{
    return wire->ac;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct redis_wire *wire, int events)
{
    if (events == wire->events)
        return;
    wire->events = events;
    if (events != 0)
        uv_poll_start(&wire->poll, events, on_poll);
    else
        uv_poll_stop(&wire->poll);
}

static void add_read(void *data)
{
    struct redis_wire *wire = data;

    watch(wire, wire->events | UV_READABLE);
}

static void del_read(void *data)
{
    struct redis_wire *wire = data;

    watch(wire, wire->events & ~UV_READABLE);
}

static void add_write(void *data)
{
    struct redis_wire *wire = data;

    if (!wire->connected || wire->flushing)
        watch(wire, wire->events | UV_WRITABLE);
    else if (!wire->abandoned)
        wire->config.on_want_flush(wire->config.context);
}

static void del_write(void *data)
{
    struct redis_wire *wire = data;

    watch(wire, wire->events & ~UV_WRITABLE);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct redis_wire *wire = handle->data;

    redis_replies_free(wire->replies);
    free(wire);
}

/* hiredis is about to close the socket. */
static void cleanup(void *data)
{
    struct redis_wire *wire = data;

    wire->ac = NULL;
    uv_close((uv_handle_t *)&wire->poll, on_poll_closed);
}

void redis_wire_flush(struct redis_wire *wire)
{
    if (wire->ac == NULL)
        return;
    wire->flushing = true;
    if (wire->config.tls != NULL)
        redis_tls_forget_errors();
    redisAsyncHandleWrite(wire->ac);
    wire->flushing = false;
}

void redis_wire_read(struct redis_wire *wire)
{
    if (wire->ac == NULL)
        return;
    wire->heard_ms = uv_now(wire->config.loop);
    if (wire->config.tls != NULL)
        redis_tls_forget_errors();
    redisAsyncHandleRead(wire->ac);
}

uint64_t redis_wire_heard_ms(const struct redis_wire *wire)
{
    return wire->heard_ms;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct redis_wire *wire = poll->data;

    if (status < 0)
        events = UV_READABLE | UV_WRITABLE; /* hiredis finds the error itself */
    if ((events & UV_WRITABLE) != 0)
        redis_wire_flush(wire);
    if ((events & UV_READABLE) != 0)
        redis_wire_read(wire);
}

const char *redis_wire_reason(const redisAsyncContext *ac)
{
    if (ac->errstr == NULL || ac->errstr[0] == '\0')
        return "connection lost";
    /* What hiredis makes of a handshake that failed: errno says nothing of it. */
    if (strcmp(ac->errstr, "Success") == 0)
        return "connection lost (with TLS: is the certificate valid, and for this host?)";
    return ac->errstr;
}

static void on_connect(const redisAsyncContext *ac, int status)
{
    struct redis_wire *wire = ac->data;

    if (wire->abandoned)
        return;
    wire->connected = status == REDIS_OK;
    wire->abandoned = !wire->connected;
    wire->config.on_connected(wire->config.context, wire->connected, redis_wire_reason(ac));
}

static void on_disconnect(const redisAsyncContext *ac, int status)
{
    struct redis_wire *wire = ac->data;

    (void)status;
    if (wire->abandoned)
        return;
    wire->abandoned = true;
    wire->config.on_disconnected(wire->config.context,
                                 ac->err == REDIS_ERR_OTHER ? ERR_PROTOCOL : ERR_UNAVAILABLE,
                                 redis_wire_reason(ac));
}

struct redis_wire *redis_wire_new(const struct redis_wire_config *config, redisAsyncContext *ac,
                                  char reason[static REDIS_WIRE_REASON])
{
    struct redis_wire *wire;

    if (ac == NULL)
        return NULL;
    wire = mem_zalloc(sizeof *wire);
    wire->config = *config;
    wire->ac = ac;
    if (ac->err != 0 || (config->tls != NULL && !redis_tls_start(config->tls, &ac->c)) ||
        uv_poll_init(config->loop, &wire->poll, ac->c.fd) != 0) {
        if (ac->c.errstr[0] != '\0')
            snprintf(reason, REDIS_WIRE_REASON, "%s", ac->c.errstr);
        redisAsyncFree(ac);
        free(wire);
        return NULL;
    }
    wire->replies = redis_replies_new(&ac->c);
    wire->poll.data = wire;
    ac->data = wire;
    ac->ev.data = wire;
    ac->ev.addRead = add_read;
    ac->ev.delRead = del_read;
    ac->ev.addWrite = add_write;
    ac->ev.delWrite = del_write;
    ac->ev.cleanup = cleanup;
    redisAsyncSetDisconnectCallback(ac, on_disconnect);
    redisAsyncSetConnectCallback(ac, on_connect); /* this one asks for the socket to be watched */
    return wire;
}

void redis_wire_free(struct redis_wire *wire)
{
    if (wire == NULL || wire->abandoned)
        return;
    wire->abandoned = true;
    redisAsyncFree(wire->ac);
}
