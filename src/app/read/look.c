/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/look.h"

#include <stdlib.h>

#include "app/people/auth.h"
#include "app/visit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/trace.h"

/* --- Targets --- */

struct target_head {
    const struct route *route;
    uint64_t id_len;
    char session[SESSION_HASH_SIZE]; /* or zeros */
};

void look_target_put(const struct look_target *target, struct buf *out)
{
    struct target_head head;

    memset(&head, 0, sizeof head);
    head.route = target->route;
    head.id_len = target->id.len;
    if (target->session != NULL)
        memcpy(head.session, target->session, sizeof head.session);
    buf_append(out, &head, sizeof head);
    buf_str(out, target->id);
    buf_str(out, target->query);
}

/* --- Looks --- */

/* A request without a client, which ends in its watch. */
struct look {
    struct request request; /* first */
    struct app *app;
    struct watch *watch;
    struct tagset tags;
    struct param params[1];
    char session[SESSION_HASH_SIZE];
    char first[4096];
};

struct seen look_seen(const struct request *request, const struct tagset *tags,
                      char room[static ENTRY_ETAG_MAX])
{
    struct str etag = response_field(&request->response, STR("ETag"));
    const struct visit *visit = request->state;
    struct seen seen = {.status = request->response.status,
                        .settled = request->response.cache != RESPONSE_BYPASS,
                        .tags = tags};

    if (etag.len > ENTRY_ETAG_MAX)
        etag.len = ENTRY_ETAG_MAX;
    if (etag.len > 0)
        memcpy(room, etag.ptr, etag.len);
    seen.etag = str_make(room, etag.len);
    if (visit != NULL && visit->visitor != NULL && (visit->route->flags & ROUTE_USER) != 0)
        seen.ends_ms = visit->visitor->session.expires_ms;
    return seen;
}

static struct flow *look_flow(struct request *request, const struct flow_owner *owner)
{
    (void)request, (void)owner;
    return NULL;
}

static void look_done(struct request *request)
{
    struct look *look = (struct look *)request;
    char room[ENTRY_ETAG_MAX];
    struct seen seen = look_seen(request, &look->tags, room);

    trace_end(request->trace);
    hub_seen(look->app->hub, look->watch, &seen);
    trace_put(request->trace);
    response_free(&request->response);
    arena_reset(&request->arena);
    free(look);
}

/* HEAD, since nobody has read it. */
static struct look *look_new(struct app *app, struct watch *watch, struct str etag)
{
    struct look *look = mem_alloc(sizeof *look);
    struct request *request = &look->request;

    look->app = app;
    look->watch = watch;
    look->params[0] = (struct param){STR("HTTP_IF_NONE_MATCH"), etag};
    tagset_init(&look->tags, app->memory);
    *request = (struct request){.method = METHOD_HEAD,
                                .method_text = STR("HEAD"),
                                .id = STR("live"),
                                .params = look->params,
                                .param_count = etag.len > 0,
                                .arrived_ms = clock_wall_ms(),
                                .began_ns = clock_mono_ns(),
                                .trace = trace_new(),
                                .durations = &durations_other,
                                .tags = &look->tags,
                                .on_finish = look_done,
                                .on_flow = look_flow};
    arena_init(&request->arena, look->first, sizeof look->first);
    response_init(&request->response);
    return look;
}

void look(void *context, struct watch *watch, struct str target, struct str etag)
{
    struct app *app = context;
    struct look *look = look_new(app, watch, etag);
    struct request *request = &look->request;
    struct trace *before = trace_enter(request->trace);
    struct target_head head;
    struct str rest = str_from_offset(target, sizeof head);

    memcpy(&head, target.ptr, sizeof head);
    memcpy(look->session, head.session, sizeof look->session);
    request->path = head.route->pattern;
    request->query = str_from_offset(rest, head.id_len);
    visit_ask(app, request, head.route, str_make(rest.ptr, head.id_len),
              head.session[0] != '\0' ? look->session : NULL);
    trace_leave(before);
}
