/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/tally.h"
#include "live/hub.h"

/* --- Life --- */

/* Its parts are in lists that may be gone through just now. */
static void stream_close(struct stream *stream)
{
    if (stream->flow == NULL)
        return;
    stream->flow = NULL;
    TAILQ_REMOVE(&stream->hub->streams, stream, queue);
    LIST_INSERT_HEAD(&stream->hub->over, stream, over);
}

static void on_gone(void *context)
{
    struct stream *stream = context;
    struct hub *hub = stream->hub;

    stream_close(stream);
    streams_sweep(hub);
}

static void stream_free(struct stream *stream)
{
    for (size_t i = 0; i < stream->count; i++)
        watch_leave(&stream->parts[i]);
    tally_drop(stream->client);
    hub_count(stream->hub, -1);
    LIST_REMOVE(stream, over);
    free(stream->names);
    free(stream);
}

void streams_sweep(struct hub *hub)
{
    while (!LIST_EMPTY(&hub->over))
        stream_free(LIST_FIRST(&hub->over));
}

/* --- Sending --- */

static void stream_send(struct stream *stream, struct str text)
{
    if (stream->flow == NULL)
        return;
    if (flow_send(stream->flow, text) != ERR_OK) {
        stream_close(stream);
    } else if (flow_waiting(stream->flow) > WAIT_MAX) {
        flow_cut(stream->flow);
        stream_close(stream);
    }
}

static void stream_end(struct stream *stream)
{
    if (stream->flow != NULL)
        flow_end(stream->flow);
    stream_close(stream);
}

struct stream *stream_new(struct hub *hub, struct request *request, uint64_t client, size_t count)
{
    struct stream *stream = mem_zalloc(sizeof *stream + count * sizeof stream->parts[0]);
    struct flow_owner owner = {.gone = on_gone, .context = stream};

    stream->flow = request_flow(request, &owner);
    if (stream->flow == NULL) {
        tally_drop(client);
        free(stream);
        return NULL;
    }
    stream->hub = hub;
    stream->client = client;
    stream->count = stream->left = count;
    for (size_t i = 0; i < count; i++)
        stream->parts[i].stream = stream;
    stream->alive_ms = clock_mono_ms() + ALIVE_MS;
    TAILQ_INSERT_TAIL(&hub->streams, stream, queue);
    hub_count(hub, 1);
    buf_reset(&hub->text);
    event_put_retry(&hub->text);
    stream_send(stream, buf_view(&hub->text));
    return stream;
}

static void stream_tell(struct stream *stream, enum event event, const struct event_data *data)
{
    struct buf *text = &stream->hub->text;

    if (stream->flow == NULL)
        return;
    buf_reset(text);
    event_put(text, event, data);
    stream_send(stream, buf_view(text));
}

void stream_alive(struct stream *stream)
{
    TAILQ_REMOVE(&stream->hub->streams, stream, queue);
    TAILQ_INSERT_TAIL(&stream->hub->streams, stream, queue);
    stream->alive_ms = clock_mono_ms() + ALIVE_MS;
    stream_tell(stream, EVENT_ALIVE, &(struct event_data){.status = 0});
}

void stream_dismiss(struct stream *stream)
{
    struct buf *text = &stream->hub->text;

    buf_reset(text);
    event_put_retry(text);
    stream_send(stream, buf_view(text));
    stream_end(stream);
}

/* --- Parts --- */

void part_tell(struct part *part, enum event event, struct event_data data)
{
    data.path = part->path;
    stream_tell(part->stream, event, &data);
}

void part_change(struct part *part, struct str etag)
{
    uint64_t hash = hash64(etag.ptr, etag.len);

    if (part->told == hash && part->doubt == DOUBT_NONE)
        return;
    part->told = hash;
    part->doubt = DOUBT_NONE;
    part_tell(part, EVENT_CHANGE, (struct event_data){.etag = etag});
}

void part_doubt(struct part *part, enum doubt doubt)
{
    if (part->watch == NULL || part->doubt == doubt)
        return;
    part->doubt = doubt;
    part_tell(part, EVENT_UNCERTAIN, (struct event_data){.doubt = doubt});
}

void part_end(struct part *part, enum event event, unsigned status)
{
    struct stream *stream = part->stream;

    part_tell(part, event, (struct event_data){.status = status});
    watch_leave(part);
    if (--stream->left == 0)
        stream_end(stream);
}
