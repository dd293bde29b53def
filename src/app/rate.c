/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/quota.h"
#include "app/state.h"
#include "base/metrics.h"

/* So many requests a second from one address, counted in Redis for all workers; while Redis is
 * away each worker counts for itself.  RateLimit fields: draft-ietf-httpapi-ratelimit-headers. */

enum { WINDOW_MS = 1000 };

struct limiting {
    struct quota quota;
    struct app *app;
    struct request *request;
    void (*next)(struct app *app, struct request *request);
};

static void counted(struct quota *quota)
{
    struct limiting *limiting = quota->context;
    struct request *request = limiting->request;
    int64_t limit = limiting->app->config.rate, left = limit - quota->count[0];

    buf_printf(&request->response.head,
               "RateLimit-Policy: \"client\";q=%lld;w=1\r\nRateLimit: \"client\";r=%lld;t=1\r\n",
               (long long)limit, (long long)(left > 0 ? left : 0));
    if (left >= 0) {
        limiting->next(limiting->app, request);
        return;
    }
    metric_inc(METRIC_RATE_LIMITED);
    response_header_lit(&request->response, "Retry-After", "1");
    problem_send(request, 429, STR("Too many requests: try again in a second"), NULL);
}

void rate_check(struct app *app, struct request *request,
                void (*next)(struct app *app, struct request *request))
{
    struct limiting *limiting;
    char address[CLIENT_MAX];

    if (app->config.rate == 0 || !str_starts(request->path, STR("/api"))) {
        next(app, request);
        return;
    }
    limiting = arena_alloc(&request->arena, sizeof *limiting);
    *limiting = (struct limiting){.app = app, .request = request, .next = next};
    quota_init(&limiting->quota, app, WINDOW_MS);
    quota_key(&limiting->quota, STR("rate"), client_address(request, address));
    limiting->quota.done = counted;
    limiting->quota.context = limiting;
    quota_take(&limiting->quota);
}
