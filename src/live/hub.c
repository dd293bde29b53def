/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/live.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/tally.h"
#include "live/hub.h"

/* --- Looking --- */

/* As many as may be under way.  A look may end inside, and then begins none itself. */
static void begin_looks(struct hub *hub)
{
    if (hub->beginning)
        return;
    hub->beginning = true;
    while (hub->looks < LOOKS_MAX && hub->doubt == DOUBT_NONE && !TAILQ_EMPTY(&hub->ready))
        watch_begin(TAILQ_FIRST(&hub->ready));
    hub->beginning = false;
}

static bool is_passing(unsigned status)
{
    return status == 429 || status >= 500;
}

/* The answer is one no more; a client that has never had it is refused. */
static void end_parts(struct watch *watch, unsigned status)
{
    enum event event = status == 404                    ? EVENT_GONE
                       : status == 401 || status == 403 ? EVENT_SIGNED_OUT
                                                        : EVENT_REFUSED;
    struct part *part;

    while ((part = LIST_FIRST(&watch->parts)) != NULL) {
        bool refused = part->told == 0 || event == EVENT_REFUSED;
        part_end(part, refused ? EVENT_REFUSED : event, refused ? status : 0);
    }
}

/* MongoDB does not answer; a client that has never had an answer is refused. */
static void doubt_parts(struct watch *watch, unsigned status)
{
    struct part *part = LIST_FIRST(&watch->parts);

    while (part != NULL) {
        struct part *next = LIST_NEXT(part, next);
        if (part->told == 0 && part->doubt == DOUBT_NONE)
            part_end(part, EVENT_REFUSED, status);
        else
            part_doubt(part, DOUBT_MONGO);
        part = next;
    }
}

void hub_seen(struct hub *hub, struct watch *watch, const struct seen *seen)
{
    struct part *part;

    hub->looks--;
    if (LIST_EMPTY(&watch->parts) || hub->doubt != DOUBT_NONE) {
        watch_retry(watch);
    } else if (seen->status == 200 || seen->status == 304) {
        watch_take(watch, seen);
        LIST_FOREACH (part, &watch->parts, next)
            part_change(part, watch_etag(watch));
    } else if (is_passing(seen->status)) {
        doubt_parts(watch, seen->status);
        watch_retry(watch);
    } else {
        end_parts(watch, seen->status);
        watch_retry(watch);
    }
    watch_release(watch);
    streams_sweep(hub);
    begin_looks(hub);
}

/* --- Doubt --- */

static void each_watch(struct hub *hub, void (*act)(struct watch *watch))
{
    struct watch *watch;

    for (size_t i = 0; i < WATCH_BUCKETS; i++)
        LIST_FOREACH (watch, &hub->watches[i], chain)
            act(watch);
}

static void tell_doubt(struct watch *watch)
{
    struct part *part;

    LIST_FOREACH (part, &watch->parts, next)
        part_doubt(part, watch->hub->doubt);
}

/* What lasts is sent; what is over is followed by a look at all. */
static void weigh_doubt(struct hub *hub, int64_t now_ms)
{
    enum doubt doubt = hub->config.doubt(hub->config.context);

    if (doubt != hub->seen) {
        if (hub->seen == DOUBT_NONE || doubt == DOUBT_NONE)
            hub->seen_since_ms = now_ms;
        hub->seen = doubt;
    }
    if (doubt == hub->doubt || (doubt != DOUBT_NONE && now_ms - hub->seen_since_ms < DOUBT_MS))
        return;
    hub->doubt = doubt;
    each_watch(hub, doubt == DOUBT_NONE ? watch_look : tell_doubt);
}

/* --- Time --- */

static void wake_due(struct hub *hub, int64_t now_ms)
{
    struct watch *watch;

    while ((watch = TAILQ_FIRST(&hub->joining)) != NULL && watch->due_ms <= now_ms)
        watch_look(watch);
}

static void wake_timed(struct hub *hub, int64_t now_ms)
{
    int64_t wall_ms = clock_wall_ms();
    struct watch *watch;

    if (now_ms < hub->timed_ms)
        return;
    hub->timed_ms = now_ms + TIMED_MS;
    LIST_FOREACH (watch, &hub->timed, timed)
        if (watch->again_ms <= wall_ms)
            watch_look(watch);
}

static void show_life(struct hub *hub, int64_t now_ms)
{
    struct stream *stream;

    while ((stream = TAILQ_FIRST(&hub->streams)) != NULL && stream->alive_ms <= now_ms)
        stream_alive(stream);
}

static void on_hub_tick(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    int64_t now_ms = clock_mono_ms();

    weigh_doubt(hub, now_ms);
    if (slots_were_voided(hub->slots))
        each_watch(hub, watch_wake);
    slots_poll(hub->slots, watch_wake);
    wake_due(hub, now_ms);
    wake_timed(hub, now_ms);
    show_life(hub, now_ms);
    streams_sweep(hub);
    begin_looks(hub);
}

/* --- Streams --- */

void hub_count(struct hub *hub, int by)
{
    hub->count += (size_t)by;
    gauge_set(GAUGE_STREAMS, (int64_t)hub->count);
    if (hub->count == 0) {
        uv_timer_stop(&hub->timer);
        hub->doubt = hub->seen = DOUBT_NONE; /* which no look uses any more */
    } else if (!uv_is_active((uv_handle_t *)&hub->timer)) {
        uv_timer_start(&hub->timer, on_hub_tick, TICK_MS, TICK_MS);
    }
}

/* It counts from here on, so that two that come at once are not both the last one. */
unsigned hub_admit(struct hub *hub, uint64_t client)
{
    if (hub->draining || hub->count >= hub->config.streams)
        return 503;
    if (tally_add(client) <= hub->config.per_client)
        return 0;
    tally_drop(client);
    return 429;
}

void hub_put_refusal(struct buf *out, unsigned status)
{
    metric_inc(METRIC_STREAMS_REFUSED);
    event_put_retry(out);
    event_put(out, EVENT_REFUSED, &(struct event_data){.status = status});
}

/* Another look may have found another answer since. */
static void meet(struct watch *watch, const struct seen *seen)
{
    if (watch->etag_len == 0 && watch->state == WATCH_ASLEEP)
        watch_take(watch, seen);
    else if (!str_eq(watch_etag(watch), seen->etag))
        watch_look(watch);
}

void hub_open(struct hub *hub, struct request *request, uint64_t client, struct str target,
              const struct seen *seen, bool known)
{
    struct stream *stream = stream_new(hub, request, client, 1);
    struct watch *watch;
    struct part *part;

    if (stream == NULL)
        return;
    watch = watch_of(hub, target);
    part = &stream->parts[0];
    watch_join(watch, part);
    meet(watch, seen);
    if (known)
        part->told = hash64(seen->etag.ptr, seen->etag.len);
    part_change(part, seen->etag);
    if (hub->doubt != DOUBT_NONE)
        part_doubt(part, hub->doubt);
    streams_sweep(hub);
    begin_looks(hub);
}

static void open_path(struct hub *hub, struct part *part, const struct hub_path *path)
{
    struct watch *watch;

    if (path->status != 0) {
        part_end(part, EVENT_REFUSED, path->status);
        return;
    }
    watch = watch_of(hub, path->target);
    watch_join(watch, part);
    if (hub->doubt != DOUBT_NONE)
        part_doubt(part, hub->doubt);
    else if (watch_is_current(watch))
        part_change(part, watch_etag(watch));
    else
        watch_look(watch);
}

static void name_parts(struct stream *stream, const struct hub_path *paths)
{
    size_t size = 0;
    char *at;

    for (size_t i = 0; i < stream->count; i++)
        size += paths[i].name.len;
    at = stream->names = mem_alloc(size);
    for (size_t i = 0; i < stream->count; i++) {
        stream->parts[i].path = str_make(at, paths[i].name.len);
        memcpy(at, paths[i].name.ptr, paths[i].name.len);
        at += paths[i].name.len;
    }
}

void hub_open_paths(struct hub *hub, struct request *request, uint64_t client,
                    const struct hub_path *paths, size_t count)
{
    struct stream *stream = stream_new(hub, request, client, count);

    if (stream == NULL)
        return;
    name_parts(stream, paths);
    for (size_t i = 0; i < count; i++)
        open_path(hub, &stream->parts[i], &paths[i]);
    streams_sweep(hub);
    begin_looks(hub);
}

/* --- Life --- */

struct hub *hub_new(uv_loop_t *loop, const struct hub_config *config)
{
    struct hub *hub = mem_zalloc(sizeof *hub);

    hub->config = *config;
    hub->loop = loop;
    hub->slots = slots_new(config->memory);
    hub->watches = mem_array(WATCH_BUCKETS, sizeof *hub->watches);
    TAILQ_INIT(&hub->joining);
    TAILQ_INIT(&hub->ready);
    TAILQ_INIT(&hub->streams);
    buf_init(&hub->text, EVENT_MAX);
    uv_timer_init(loop, &hub->timer);
    hub->timer.data = hub;
    return hub;
}

void hub_drain(struct hub *hub)
{
    struct stream *stream;

    hub->draining = true;
    while ((stream = TAILQ_FIRST(&hub->streams)) != NULL)
        stream_dismiss(stream);
    streams_sweep(hub);
}

static void on_hub_closed(uv_handle_t *handle)
{
    struct hub *hub = handle->data;

    hub->stopped(hub->stopped_context);
}

void hub_stop(struct hub *hub, void (*done)(void *context), void *context)
{
    hub->stopped = done;
    hub->stopped_context = context;
    uv_close((uv_handle_t *)&hub->timer, on_hub_closed);
}

void hub_free(struct hub *hub)
{
    if (hub == NULL)
        return;
    slots_free(hub->slots);
    buf_free(&hub->text);
    free(hub->watches);
    free(hub);
}
