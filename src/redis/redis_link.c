/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis_link.h"

#include <netdb.h>
#include <poll.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "redis/redis_calls.h"
#include "redis/redis_error.h"
#include "redis/redis_tls.h"
#include "redis/redis_url.h"
#include "redis/redis_wire.h"
#include "redis/resp.h"

enum {
    ADDRESSES_MAX = 4,
    COMMAND_MAX = 64 << 20,
    LATE_PART = 5 /* a timer that is late by such a part of it means that the loop was blocked */
};

enum stage { STAGE_REFUSED, STAGE_CONNECTING, STAGE_SIGNING, STAGE_UP, STAGE_DOWN };

struct redis_link {
    struct redis_link_config config;
    enum stage stage;
    enum err fate; /* what pending calls get once it is down */
    unsigned signing;
    struct redis_wire *wire;
    struct redis_tls *tls;
    struct redis_calls calls;
    void (*message)(void *context, const struct redis_value *reply);
    struct buf scratch;
    char addresses[ADDRESSES_MAX][INET6_ADDRSTRLEN];
    unsigned address_count, address_at;
    char reason[REDIS_WIRE_REASON]; /* why it could not connect */
    uv_timer_t timer;
    uint64_t due_ms;     /* of the timer */
    uint64_t excused_ms; /* until when nothing could arrive */
    uv_idle_t idle; /* active while there is something to flush: no turn of the loop sleeps on it */
    uv_getaddrinfo_t resolver;
    unsigned refs; /* handles and the resolver */
};

static void unref(struct redis_link *link)
{
    if (--link->refs > 0)
        return;
    link->config.on_gone(link->config.context);
    redis_tls_free(link->tls);
    buf_free(&link->scratch);
    redis_calls_free(&link->calls);
    free(link);
}

static void on_handle_closed(uv_handle_t *handle)
{
    unref(handle->data);
}

static void redis_link_release(struct redis_link *link)
{
    struct redis_wire *wire = link->wire;

    link->wire = NULL;
    redis_wire_free(wire);
    uv_close((uv_handle_t *)&link->timer, on_handle_closed);
    uv_close((uv_handle_t *)&link->idle, on_handle_closed);
    uv_cancel((uv_req_t *)&link->resolver);
}

static void fail(struct redis_link *link, enum err err, const char *reason)
{
    if (link->stage == STAGE_DOWN)
        return;
    link->stage = STAGE_DOWN;
    link->fate = err;
    link->config.on_down(link->config.context, err, reason);
    redis_link_release(link);
}

/* Answers. */

static void on_reply(redisAsyncContext *ac, void *reply, void *data)
{
    struct redis_link *link = ((struct redis_call *)data)->owner;
    struct redis_call call = redis_calls_take(&link->calls, data);

    if (reply == NULL)
        fail(link, ERR_UNAVAILABLE, redis_wire_reason(ac));
    if (reply == NULL)
        call.callback(call.context, link->fate, NULL);
    else
        call.callback(call.context, ERR_OK, reply);
}

static void on_message(redisAsyncContext *ac, void *reply, void *data)
{
    struct redis_link *link = data;

    if (reply == NULL)
        fail(link, ac->err == REDIS_ERR_OTHER ? ERR_PROTOCOL : ERR_UNAVAILABLE,
             redis_wire_reason(ac));
    else if (link->stage == STAGE_UP)
        link->message(link->config.context, reply);
}

/* Sending. */

static void arm(struct redis_link *link, uint64_t ms);

static bool send_call(struct redis_link *link, size_t argc, const struct str argv[],
                      redis_callback *callback, void *context)
{
    struct str text = resp_command(&link->scratch, argc, argv);
    struct redis_call *call;

    if (link->wire == NULL || text.len == 0)
        return false;
    call = redis_calls_new(&link->calls);
    call->owner = link;
    call->callback = callback;
    call->context = context;
    if (redisAsyncFormattedCommand(redis_wire_context(link->wire), on_reply, call, text.ptr,
                                   text.len) != REDIS_OK) {
        redis_calls_drop(&link->calls, call);
        return false;
    }
    redis_calls_add(&link->calls, call);
    if (link->stage == STAGE_UP && !uv_is_active((uv_handle_t *)&link->timer))
        arm(link, link->config.command_timeout_ms);
    return true;
}

bool redis_link_send(struct redis_link *link, size_t argc, const struct str argv[],
                     redis_callback *callback, void *context)
{
    return link->stage == STAGE_UP && send_call(link, argc, argv, callback, context);
}

bool redis_link_subscribe(struct redis_link *link, const struct str channels[], size_t count,
                          void (*message)(void *context, const struct redis_value *reply))
{
    struct str argv[8] = {STR("SUBSCRIBE")}, text;

    if (link->stage != STAGE_UP || count > COUNT(argv) - 1)
        return false;
    memcpy(argv + 1, channels, count * sizeof channels[0]);
    text = resp_command(&link->scratch, count + 1, argv);
    link->message = message;
    return text.len > 0 && redisAsyncFormattedCommand(redis_wire_context(link->wire), on_message,
                                                      link, text.ptr, text.len) == REDIS_OK;
}

static void on_quit(void *context, enum err err, const struct redis_value *reply)
{
    (void)err, (void)reply;
    fail(context, ERR_CANCELED, "closed");
}

void redis_link_quit(struct redis_link *link)
{
    if (!redis_link_send(link, 1, &STR("QUIT"), on_quit, link))
        fail(link, ERR_CANCELED, "closed");
}

void redis_link_drop(struct redis_link *link, enum err err)
{
    if (link->stage == STAGE_DOWN)
        return;
    link->stage = STAGE_DOWN;
    link->fate = err;
    redis_link_release(link);
}

static void on_idle(uv_idle_t *idle)
{
    struct redis_link *link = idle->data;

    uv_idle_stop(idle);
    redis_calls_sent(&link->calls, uv_now(link->config.loop));
    if (link->wire != NULL)
        redis_wire_flush(link->wire);
}

/* Deadlines. */

static uint64_t deadline_of(const struct redis_link *link)
{
    uint64_t heard_ms = redis_wire_heard_ms(link->wire);

    return redis_calls_deadline(&link->calls,
                                heard_ms > link->excused_ms ? heard_ms : link->excused_ms);
}

static bool is_late(const struct redis_link *link)
{
    return link->wire != NULL && link->calls.first != NULL &&
           deadline_of(link) <= uv_now(link->config.loop);
}

/* The loop itself may have been held up: what has not left is sent, and answers that are here are
 * no timeouts. */
static void catch_up(struct redis_link *link)
{
    if (uv_is_active((uv_handle_t *)&link->idle))
        on_idle(&link->idle);
    while (is_late(link)) {
        struct pollfd ready = {.fd = redis_wire_context(link->wire)->c.fd, .events = POLLIN};
        if (poll(&ready, 1, 0) != 1)
            return;
        redis_wire_read(link->wire);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct redis_link *link = timer->data;
    uint64_t now = uv_now(link->config.loop);

    if (link->stage == STAGE_REFUSED)
        fail(link, ERR_UNAVAILABLE, link->reason);
    else if (link->stage < STAGE_UP)
        fail(link, ERR_TIMEOUT, "connecting took too long");
    if (link->stage != STAGE_UP)
        return;
    if (now - link->due_ms > link->config.command_timeout_ms / LATE_PART)
        link->excused_ms = now;
    catch_up(link);
    if (link->stage != STAGE_UP || link->calls.first == NULL)
        return;
    if (is_late(link))
        fail(link, ERR_TIMEOUT, "no answer in time");
    else
        arm(link, deadline_of(link) - now);
}

static void arm(struct redis_link *link, uint64_t ms)
{
    link->due_ms = uv_now(link->config.loop) + ms;
    uv_timer_start(&link->timer, on_timer, ms, 0);
}

/* Signing in. */

static void signed_in(struct redis_link *link)
{
    if (link->stage != STAGE_SIGNING || --link->signing > 0)
        return;
    link->stage = STAGE_UP;
    uv_timer_stop(&link->timer);
    link->config.on_up(link->config.context);
}

static void sign_in_failed(struct redis_link *link, enum err err, const struct redis_value *reply)
{
    char reason[128] = {0};
    struct str text = redis_words(redis_str(reply));

    if (text.len > 0)
        memcpy(reason, text.ptr, text.len < sizeof reason ? text.len : sizeof reason - 1);
    fail(link, err, reason);
}

static void on_required(void *context, enum err err, const struct redis_value *reply)
{
    if (err == ERR_OK && redis_type(reply) == REDIS_ERROR)
        sign_in_failed(context, redis_error(redis_str(reply)), reply);
    else if (err == ERR_OK)
        signed_in(context);
}

static void on_optional(void *context, enum err err, const struct redis_value *reply)
{
    enum err refused = redis_type(reply) == REDIS_ERROR ? redis_error(redis_str(reply)) : ERR_OK;

    if (err != ERR_OK)
        return;
    /* Without a password where one is needed; Redis answers so to the first command. */
    if (refused == ERR_UNAVAILABLE || str_starts(redis_str(reply), STR("NOAUTH")))
        sign_in_failed(context, refused, reply);
    else
        signed_in(context);
}

static bool sign_in_step(struct redis_link *link, size_t argc, const struct str argv[],
                         redis_callback *callback)
{
    link->signing++;
    return send_call(link, argc, argv, callback, link);
}

static void sign_in(struct redis_link *link)
{
    const struct redis_url *url = link->config.url;
    struct str auth[] = {STR("AUTH"), str_from(url->user), str_from(url->password)};
    struct str name[] = {STR("CLIENT"), STR("SETNAME"), str_from(link->config.name)};
    char room[DECIMAL_MAX];
    struct str db[] = {STR("SELECT"), str_decimal(url->db, room)};
    bool sent = true;

    link->stage = STAGE_SIGNING;
    if (url->password != NULL && url->user != NULL)
        sent = sent && sign_in_step(link, 3, auth, on_required);
    else if (url->password != NULL)
        sent = sent && sign_in_step(link, 2, (struct str[]){auth[0], auth[2]}, on_required);
    if (link->config.name != NULL)
        sent = sent && sign_in_step(link, 3, name, on_optional);
    if (url->db != 0)
        sent = sent && sign_in_step(link, 2, db, on_required);
    sent = sent && sign_in_step(link, 1, &STR("PING"), on_optional);
    if (!sent)
        fail(link, ERR_UNAVAILABLE, "cannot send");
}

/* Connecting. */

static bool connect_next(struct redis_link *link);

static void on_connected(void *context, bool connected, const char *reason)
{
    struct redis_link *link = context;

    if (connected) {
        sign_in(link);
    } else {
        link->wire = NULL;
        if (link->stage == STAGE_CONNECTING && !connect_next(link))
            fail(link, ERR_UNAVAILABLE, reason);
    }
}

static void on_disconnected(void *context, enum err err, const char *reason)
{
    struct redis_link *link = context;

    link->wire = NULL;
    fail(link, err, reason);
}

static void on_want_flush(void *context)
{
    struct redis_link *link = context;

    if (link->stage != STAGE_DOWN && !uv_is_active((uv_handle_t *)&link->idle))
        uv_idle_start(&link->idle, on_idle);
}

static bool connect_next(struct redis_link *link)
{
    const struct redis_url *url = link->config.url;
    struct redis_wire_config config = {
        .loop = link->config.loop,
        .context = link,
        .on_connected = on_connected,
        .on_disconnected = on_disconnected,
        .on_want_flush = on_want_flush,
        .tls = link->tls,
    };

    while (link->wire == NULL && link->address_at < link->address_count) {
        const char *address = link->addresses[link->address_at++];
        redisAsyncContext *ac = url->path != NULL ? redisAsyncConnectUnix(url->path)
                                                  : redisAsyncConnect(address, url->port);
        link->wire = redis_wire_new(&config, ac, link->reason);
    }
    return link->wire != NULL;
}

static void on_resolved(uv_getaddrinfo_t *resolver, int status, struct addrinfo *list)
{
    struct redis_link *link = resolver->data;

    for (const struct addrinfo *at = list; at != NULL && link->address_count < ADDRESSES_MAX;
         at = at->ai_next)
        if (getnameinfo(at->ai_addr, at->ai_addrlen, link->addresses[link->address_count],
                        sizeof link->addresses[0], NULL, 0, NI_NUMERICHOST) == 0)
            link->address_count++;
    uv_freeaddrinfo(list);
    if (link->stage == STAGE_CONNECTING && !connect_next(link))
        fail(link, ERR_UNAVAILABLE, status < 0 ? uv_strerror(status) : link->reason);
    unref(link);
}

static bool resolve(struct redis_link *link)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

    if (uv_getaddrinfo(link->config.loop, &link->resolver, on_resolved, link->config.url->host,
                       NULL, &hints) != 0)
        return false;
    link->refs++;
    return true;
}

static bool redis_link_start(struct redis_link *link)
{
    const struct redis_url *url = link->config.url;

    if (url->tls && (link->tls = redis_tls_new(url->host)) == NULL)
        return false;
    if (url->path == NULL && !redis_url_is_address(url->host))
        return resolve(link);
    if (url->path == NULL)
        memcpy(link->addresses[0], url->host, strlen(url->host) + 1);
    link->address_count = 1;
    return connect_next(link);
}

struct redis_link *redis_link_open(const struct redis_link_config *config)
{
    struct redis_link *link = mem_zalloc(sizeof *link);

    memcpy(link->reason, "cannot connect", sizeof "cannot connect");
    link->config = *config;
    link->stage = STAGE_CONNECTING;
    buf_init(&link->scratch, COMMAND_MAX);
    redis_calls_init(&link->calls, config->command_timeout_ms);
    uv_timer_init(config->loop, &link->timer);
    uv_idle_init(config->loop, &link->idle);
    link->timer.data = link->idle.data = link->resolver.data = link;
    link->refs = 2;
    if (redis_link_start(link)) {
        arm(link, config->connect_timeout_ms);
    } else {
        link->stage = STAGE_REFUSED;
        arm(link, 0);
    }
    return link;
}
