/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/rate.h"
#include "app/app_state.h"
#include "app/path.h"
#include "app/window.h"
#include "base/clock.h"
#include "base/metrics.h"

/* So many requests a second from one address, counted in Redis for all workers; while Redis is
 * away each worker counts for itself.  RateLimit fields: draft-ietf-httpapi-ratelimit-headers. */

enum { WINDOW_MS = 1000 };

/* KEYS[1] counter; ARGV[1] length of the window in ms.  A counter never stays without an end. */
static struct redis_script script_count = {
    .kind = HISTOGRAM_REDIS_COUNT,
    .text = STR_INIT("local count = redis.call('INCR', KEYS[1])\n"
                     "if redis.call('PTTL', KEYS[1]) < 0 then\n"
                     "  redis.call('PEXPIRE', KEYS[1], ARGV[1])\n"
                     "end\n"
                     "return count\n")};

struct limiting {
    struct app *app;
    struct request *request;
    void (*next)(struct app *app, struct request *request);
    struct str name;
    char room[COUNTER_NAME_MAX];
};

static void rate_judge(struct limiting *limiting, int64_t count)
{
    struct request *request = limiting->request;
    int64_t limit = limiting->app->config.rate, left = limit - count;

    buf_printf(&request->response.head,
               "RateLimit-Policy: \"client\";q=%lld;w=1\r\nRateLimit: \"client\";r=%lld;t=1\r\n",
               (long long)limit, (long long)(left > 0 ? left : 0));
    if (left >= 0) {
        limiting->next(limiting->app, request);
        return;
    }
    metric_inc(METRIC_RATE_LIMITED);
    path_name(limiting->app, request);
    response_header_lit(&request->response, "Retry-After", "1");
    problem_send(request, 429, STR("Too many requests: try again in a second"), NULL);
}

static void count_here(struct limiting *limiting)
{
    int64_t left_ms;

    rate_judge(limiting, windows_take(limiting->app->windows, limiting->name, WINDOW_MS,
                                      clock_mono_ms(), &left_ms));
}

static void counted(void *context, enum err err, const struct redis_value *reply)
{
    if (err == ERR_OK && redis_int(reply) > 0)
        rate_judge(context, redis_int(reply));
    else
        count_here(context);
}

void rate_check(struct app *app, struct request *request,
                void (*next)(struct app *app, struct request *request))
{
    struct limiting *limiting;
    struct str window;
    char address[CLIENT_MAX];

    if (app->config.rate == 0 || !str_starts(request->path, STR("/api"))) {
        next(app, request);
        return;
    }
    limiting = arena_alloc(&request->arena, sizeof *limiting);
    limiting->app = app;
    limiting->request = request;
    limiting->next = next;
    limiting->name = counter_name(app, STR("rate"), client_address(&app->proxies, request, address),
                                  limiting->room);
    if (redis_ready(app->redis)) {
        window = arena_decimal(&request->arena, WINDOW_MS);
        redis_script(app->redis, &script_count, &limiting->name, 1, &window, 1, counted, limiting);
    } else {
        redis_wake(app->redis);
        count_here(limiting);
    }
}
