/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis_requests.h"

#include "base/trace.h"

enum { REQUESTS_KEPT = 64 };

void redis_requests_init(struct redis_requests *all, uv_loop_t *loop)
{
    *all = (struct redis_requests){
        .pool = POOL_INIT(sizeof(struct redis_request), REQUESTS_KEPT),
        .failed_end = &all->failed,
    };
    uv_idle_init(loop, &all->idle);
    all->idle.data = all;
}

struct redis_request *redis_request_take(struct redis_requests *all, struct redis *redis,
                                         redis_callback *callback, void *context)
{
    struct redis_request *request = pool_take(&all->pool);

    *request = (struct redis_request){
        .redis = redis, .callback = callback, .context = context, .trace = trace_take()};
    return request;
}

void redis_request_put(struct redis_requests *all, struct redis_request *request)
{
    pool_put(&all->pool, request);
}

static void tell_failed(struct redis_requests *all)
{
    struct redis_request *list = all->failed, *next;

    all->failed = NULL;
    all->failed_end = &all->failed;
    for (; list != NULL; list = next) {
        struct trace *before = trace_enter(list->trace);

        next = list->next;
        list->callback(list->context, list->err, NULL);
        trace_leave(before);
        trace_put(list->trace);
        pool_put(&all->pool, list);
    }
}

static void on_idle(uv_idle_t *idle)
{
    uv_idle_stop(idle);
    tell_failed(idle->data);
}

void redis_request_fail(struct redis_requests *all, struct redis_request *request, enum err err)
{
    request->err = err;
    request->next = NULL;
    *all->failed_end = request;
    all->failed_end = &request->next;
    if (!uv_is_closing((uv_handle_t *)&all->idle) && !uv_is_active((uv_handle_t *)&all->idle))
        uv_idle_start(&all->idle, on_idle);
}

void redis_requests_close(struct redis_requests *all, uv_close_cb closed, void *data)
{
    all->idle.data = data;
    uv_close((uv_handle_t *)&all->idle, closed);
}

void redis_requests_free(struct redis_requests *all)
{
    while (all->failed != NULL) /* a callback that asks again at ERR_CANCELED would loop for ever */
        tell_failed(all);
    pool_free(&all->pool);
}
