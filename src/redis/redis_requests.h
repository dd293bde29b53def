/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_REQUESTS_H
#define LARDER_REDIS_REDIS_REQUESTS_H

/* Inside of redis/: the client's commands that are not yet answered, and among them those that
 * failed at once: their callbacks are called in the next turn of the loop, never inside the call
 * that sent the command. */

#include <uv.h>

#include "base/pool.h"
#include "base/series.h"
#include "redis/redis_reply.h"

enum { REDIS_COMMAND_SIZE = 24 };

struct redis_request {
    struct redis *redis;
    redis_callback *callback;
    void *context;
    enum histogram kind;
    int64_t sent_ns;
    struct trace *trace; /* the request's, if it is one's; a reference */
    enum err err;
    char command[REDIS_COMMAND_SIZE]; /* its name, for messages */
    struct redis_request *next;       /* among those that failed */
};

struct redis_requests {
    struct pool pool;
    struct redis_request *failed, **failed_end;
    uv_idle_t idle;
};

/* The address must not change. */
void redis_requests_init(struct redis_requests *all, uv_loop_t *loop);
/* Its owner gives it to redis_request_put or redis_request_fail. */
struct redis_request *redis_request_take(struct redis_requests *all, struct redis *redis,
                                         redis_callback *callback, void *context);
void redis_request_put(struct redis_requests *all, struct redis_request *request);
/* callback(context, err, NULL) in the loop's next turn; once closed, in redis_requests_free. */
void redis_request_fail(struct redis_requests *all, struct redis_request *request, enum err err);
/* closed(handle) follows, whose data is `data`. */
void redis_requests_close(struct redis_requests *all, uv_close_cb closed, void *data);
/* Behind closed: calls back those that failed (also those that are sent meanwhile), and frees the
 * memory.
 */
void redis_requests_free(struct redis_requests *all);

#endif
