/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/event.h"

#include "base/json_writer.h"
#include "base/metrics.h"
#include "base/random.h"

enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 5000 };

static const struct {
    struct str name;
    enum metric metric;
} events[EVENT_COUNT] = {
    [EVENT_CHANGE] = {STR_INIT("change"), METRIC_EVENTS_CHANGE},
    [EVENT_GONE] = {STR_INIT("gone"), METRIC_EVENTS_GONE},
    [EVENT_UNCERTAIN] = {STR_INIT("uncertain"), METRIC_EVENTS_UNCERTAIN},
    [EVENT_ALIVE] = {STR_INIT("alive"), METRIC_EVENTS_ALIVE},
    [EVENT_SIGNED_OUT] = {STR_INIT("signed-out"), METRIC_EVENTS_SIGNED_OUT},
    [EVENT_REFUSED] = {STR_INIT("refused"), METRIC_EVENTS_REFUSED},
};

static const struct str reasons[] = {
    [DOUBT_NONE] = STR_INIT(""),
    [DOUBT_REDIS] = STR_INIT("redis"),
    [DOUBT_MEMORY] = STR_INIT("memory"),
    [DOUBT_MONGO] = STR_INIT("mongo"),
};

static void put_name(struct buf *out, struct str name, bool *first)
{
    buf_str(out, *first ? STR("\"") : STR(",\""));
    buf_str(out, name);
    buf_literal(out, "\":");
    *first = false;
}

static void put_data(struct buf *out, const struct event_data *data)
{
    bool first = true;

    if (data->path.len > 0) {
        put_name(out, STR("path"), &first);
        buf_str(out, data->path);
    }
    if (data->etag.len > 0) {
        put_name(out, STR("etag"), &first);
        json_put_string(out, data->etag);
    }
    if (data->doubt != DOUBT_NONE) {
        put_name(out, STR("reason"), &first);
        json_put_string(out, reasons[data->doubt]);
    }
    if (data->status != 0) {
        put_name(out, STR("status"), &first);
        buf_uint(out, data->status);
    }
}

void event_put(struct buf *out, enum event event, const struct event_data *data)
{
    metric_inc(events[event].metric);
    buf_literal(out, "event: ");
    buf_str(out, events[event].name);
    if (data->etag.len > 0 && data->path.len == 0) {
        buf_literal(out, "\nid: ");
        buf_str(out, data->etag);
    }
    buf_literal(out, "\ndata: {");
    put_data(out, data);
    buf_literal(out, "}\n\n");
}

void event_put_retry(struct buf *out)
{
    buf_literal(out, "retry: ");
    buf_uint(out, RETRY_MIN_MS + random_u64() % (RETRY_MAX_MS - RETRY_MIN_MS + 1));
    buf_literal(out, "\n\n");
}
