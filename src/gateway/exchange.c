/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/exchange.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/trace.h"
#include "http/durations.h"
#include "http/request_ids.h"

enum { KEPT_MAX = 256 };

struct exchange_pool {
    struct exchange *free;
    size_t kept, out, max_body;
    struct request_ids ids;
    bool closed;
};

struct exchange_pool *exchange_pool_new(size_t max_body)
{
    struct exchange_pool *pool = mem_zalloc(sizeof *pool);

    pool->max_body = max_body;
    request_ids_init(&pool->ids, REQUEST_IDS_WORKER);
    return pool;
}

static void exchange_free(struct exchange *exchange)
{
    trace_put(exchange->request.trace);
    arena_reset(&exchange->request.arena);
    response_free(&exchange->request.response);
    buf_free(&exchange->block);
    buf_free(&exchange->body);
    free(exchange);
}

void exchange_pool_free(struct exchange_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->free != NULL) {
        struct exchange *exchange = pool->free;
        pool->free = exchange->next;
        exchange_free(exchange);
    }
    pool->closed = true;
    if (pool->out == 0)
        free(pool);
}

static struct exchange *exchange_new(struct exchange_pool *pool)
{
    struct exchange *exchange = mem_alloc(sizeof *exchange);

    memset(&exchange->request, 0, sizeof exchange->request);
    exchange->request.trace = trace_new();
    exchange->request.durations = &durations_other;
    exchange->pool = pool;
    buf_init(&exchange->block, PARAMS_SIZE_MAX);
    buf_init(&exchange->body, pool->max_body);
    arena_init(&exchange->request.arena, exchange->first, sizeof exchange->first);
    response_init(&exchange->request.response);
    return exchange;
}

struct exchange *exchange_take(struct exchange_pool *pool)
{
    struct exchange *exchange = pool->free;

    if (exchange != NULL) {
        pool->free = exchange->next;
        pool->kept--;
    } else {
        exchange = exchange_new(pool);
    }
    pool->out++;
    exchange->next = NULL;
    exchange->connection = NULL;
    exchange->handed = false;
    request_ids_next(&pool->ids, exchange->id);
    exchange->request.id = str_make(exchange->id, sizeof exchange->id);
    exchange->request.began_ns = clock_mono_ns();
    gauge_set(GAUGE_IN_FLIGHT, (int64_t)pool->out);
    return exchange;
}

/* Field by field: the response and the arena keep their memory. */
static void clear(struct request *request)
{
    request->method = METHOD_NONE;
    request->method_text = request->path = request->query = request->body = str_make(NULL, 0);
    request->traceparent = request->accept = request->user = str_make(NULL, 0);
    request->durations = &durations_other;
    request->trace = trace_renew(request->trace);
    request->params = NULL;
    request->param_count = 0;
    request->arrived_ms = 0;
    request->gone = request->too_large = request->has_credentials = request->timed = false;
    request->state = NULL;
    request->tags = NULL;
    request->on_finish = NULL;
    request->on_flow = NULL;
    arena_reset(&request->arena);
    response_reset(&request->response, EXCHANGE_KEEP);
}

void exchange_put(struct exchange *exchange)
{
    struct exchange_pool *pool = exchange->pool;

    pool->out--;
    gauge_set(GAUGE_IN_FLIGHT, (int64_t)pool->out);
    if (pool->closed || pool->kept >= KEPT_MAX) {
        exchange_free(exchange);
        if (pool->closed && pool->out == 0)
            free(pool);
        return;
    }
    clear(&exchange->request);
    buf_clear(&exchange->block, EXCHANGE_KEEP);
    buf_clear(&exchange->body, EXCHANGE_KEEP);
    exchange->next = pool->free;
    pool->free = exchange;
    pool->kept++;
}
