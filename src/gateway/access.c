/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/access.h"

#include "base/clock.h"
#include "base/idiom.h"
#include "base/log.h"
#include "base/random.h"
#include "base/trace.h"
#include "http/durations.h"
#include "http/percent.h"

enum { QUERY_SHOWN = 1024 };

/* --- Server-Timing --- */

static void put_part(struct buf *out, const char *name, int64_t ns)
{
    buf_printf(out, "%s;dur=%lld.%03lld", name, (long long)(ns / 1000000),
               (long long)(ns / 1000 % 1000));
}

/* "cache" is what is left: this worker's own time. */
void access_tell(struct request *request)
{
    const struct trace *trace = request->trace;
    struct buf *head = &request->response.head;
    int64_t left_ns;

    if (!request->timed)
        return;
    left_ns =
        clock_mono_ns() - request->began_ns - trace->redis_ns - trace->mongo_ns - trace->queue_ns;
    buf_literal(head, "Server-Timing: ");
    put_part(head, "cache", left_ns > 0 ? left_ns : 0);
    put_part(head, ", redis", trace->redis_ns);
    put_part(head, ", mongo", trace->mongo_ns);
    put_part(head, ", queue", trace->queue_ns);
    buf_literal(head, "\r\n");
}

/* --- The log --- */

static const char *const cache_names[] = {
    [RESPONSE_MEMORY] = "memory", [RESPONSE_REDIS] = "redis",   [RESPONSE_MISS] = "miss",
    [RESPONSE_STALE] = "stale",   [RESPONSE_BYPASS] = "bypass",
};

static bool is_secret(struct str name, struct arena *arena)
{
    static const struct str secret[] = {STR_INIT("q"), STR_INIT("password"), STR_INIT("token")};
    struct str plain;

    if (percent_decode_query(name, arena, &plain) != ERR_OK)
        return true;
    for (size_t i = 0; i < COUNT(secret); i++)
        if (str_eq_nocase(plain, secret[i]))
            return true;
    return false;
}

/* The query without the values of what people would not like to find in a log. */
static struct str shown_query(struct request *request)
{
    struct buf out = BUF_INIT(QUERY_SHOWN);
    struct str rest = request->query, pair, shown;

    while (out.err == ERR_OK && rest.len > 0 && str_split(&rest, '&', &pair)) {
        size_t equals = str_find(pair, '=');

        if (out.len > 0)
            buf_char(&out, '&');
        if (equals < pair.len && is_secret(str_make(pair.ptr, equals), &request->arena))
            pair.len = equals + 1;
        buf_str(&out, pair);
    }
    shown = arena_str(&request->arena, buf_view(&out));
    buf_free(&out);
    return shown;
}

static void write_line(struct request *request, int64_t took_ns, enum log_level level,
                       const char *event)
{
    const struct response *response = &request->response;
    const struct trace *trace = request->trace;
    const char *cache = cache_names[response->cache];
    struct str route = request->durations->route, id = trace_id(trace);
    struct log_field fields[] = {
        LOG_STR("requestId", request->id),
        LOG_STR("method", request->method_text),
        LOG_STR("route", route),
        LOG_STR("path", request->path),
        LOG_STR("query", shown_query(request)),
        LOG_INT("status", response->status),
        LOG_MS("durationMs", took_ns),
        LOG_INT("bytes", response_sent(response, request->method == METHOD_HEAD)),
        LOG_MAYBE("cache", cache),
        LOG_MS("redisMs", trace->redis_ns),
        LOG_MS("mongoMs", trace->mongo_ns),
        LOG_MS("queueMs", trace->queue_ns),
        LOG_STR("traceId", id),
        LOG_STR("userId", request->user),
    };
    size_t count = COUNT(fields);

    if (request->user.len == 0)
        count--;
    if (id.len == 0)
        fields[COUNT(fields) - 2] = fields[--count];
    log_line(level, event, "gateway", fields, count);
}

void access_note(const struct access *access, struct request *request)
{
    int64_t took_ns = clock_mono_ns() - request->began_ns;

    durations_add(request->durations, request->method, request->response.status, took_ns);
    if (took_ns > access->slow_ns && log_enabled(LOG_WARN))
        write_line(request, took_ns, LOG_WARN, "slow-request");
    if (access->share > 0 &&
        (access->share == ACCESS_ALL || random_unit() * ACCESS_ALL < access->share))
        write_line(request, took_ns, LOG_INFO, "request");
}
