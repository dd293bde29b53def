/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/export.h"

#include <stdlib.h>
#include <uv.h>

#include "app/handlers.h"
#include "app/read/scope.h"
#include "app/read/selection.h"
#include "app/read/words.h"
#include "base/gzip.h"
#include "base/mem.h"
#include "http/accept.h"
#include "http/flow.h"

/* PIECE: text that is handed over at a time.  WAITING_MAX: what may wait for the client besides. */
enum { PIECE = 64 << 10, TEXT_MAX = 256 << 20, WAITING_MAX = 128 << 10 };

_Static_assert((int)EXPORTS_MAX < (int)MONGO_BESIDE, "each has a client, and who follows");

struct exports {
    struct app *app;
    struct export *first;
    size_t count;
    void (*stopped)(void *context);
    void *stopped_context;
};

struct export
{
    struct export *next;
    struct exports *all;
    struct app *app;
    const struct plan *plan;
    struct request *request; /* until its head is sent */
    struct flow *flow;
    bool head_only;

    /* The thread's: */
    struct arena arena;
    struct query query;
    struct value owner;
    struct selection selection;
    struct gzip_stream *gzip; /* NULL: as it is */
    struct buf text;          /* not handed over yet */

    /* Of both: */
    uv_thread_t thread;
    uv_async_t wake;
    uv_mutex_t mutex;
    uv_cond_t taken;
    struct buf piece; /* handed over, and not taken yet unless it is empty */
    int64_t total;
    bool counted, finished, canceled;
    enum err err;
};

/* --- On the thread --- */

static void export_tell(struct export *export)
{
    uv_async_send(&export->wake);
}

/* Waits until the loop has taken the piece before.  ERR_CANCELED: nobody takes it. */
static enum err hand_over(struct export *export, bool last)
{
    enum err err = ERR_OK;

    uv_mutex_lock(&export->mutex);
    while (export->piece.len > 0 && !export->canceled)
        uv_cond_wait(&export->taken, &export->mutex);
    if (export->canceled)
        err = ERR_CANCELED;
    else if (export->gzip != NULL)
        err = gzip_stream_add(export->gzip, buf_view(&export->text), last, &export->piece);
    else
        buf_str(&export->piece, buf_view(&export->text));
    uv_mutex_unlock(&export->mutex);
    buf_clear(&export->text, 2 * PIECE);
    export_tell(export);
    return err;
}

static enum err export_take(void *context, struct str document, struct str json)
{
    struct export *export = context;

    (void)document;
    rows_add(&export->selection.rows, json, &export->text);
    if (export->text.err != ERR_OK)
        return export->text.err;
    return export->text.len < PIECE ? ERR_OK : hand_over(export, false);
}

static enum err export_ask(struct mongo_db *db, void *context)
{
    struct export *export = context;
    int64_t total;
    enum err err = selection_count(db, &export->selection, &total);

    if (err != ERR_OK)
        return err;
    uv_mutex_lock(&export->mutex);
    export->total = total;
    export->counted = true;
    uv_mutex_unlock(&export->mutex);
    export_tell(export);
    if (export->head_only)
        return ERR_OK;
    rows_head(&export->selection.rows, &export->text);
    err = collection_documents(db, &export->selection.find, export_take, export);
    return err == ERR_OK ? hand_over(export, true) : err;
}

static void export_run(void *context)
{
    struct export *export = context;
    enum err err = mongo_run(export->app->mongo, export_ask, export);

    uv_mutex_lock(&export->mutex);
    export->err = err;
    export->finished = true;
    uv_mutex_unlock(&export->mutex);
    export_tell(export);
}

/* --- On the loop --- */

static void on_export_closed(uv_handle_t *handle)
{
    struct export *export = handle->data;
    struct exports *all = export->all;

    uv_mutex_destroy(&export->mutex);
    uv_cond_destroy(&export->taken);
    gzip_stream_free(export->gzip);
    buf_free(&export->text);
    buf_free(&export->piece);
    arena_reset(&export->arena);
    free(export);
    if (--all->count == 0 && all->stopped != NULL)
        all->stopped(all->stopped_context);
}

/* The thread has ended. */
static void export_finish(struct export *export)
{
    struct export **at = &export->all->first;

    uv_thread_join(&export->thread);
    if (export->flow != NULL && export->err == ERR_OK)
        flow_end(export->flow);
    else if (export->flow != NULL)
        flow_cut(export->flow);
    while (*at != export)
        at = &(*at)->next;
    *at = export->next;
    uv_close((uv_handle_t *)&export->wake, on_export_closed);
}

static void cancel(struct export *export)
{
    export->flow = NULL;
    uv_mutex_lock(&export->mutex);
    export->canceled = true;
    uv_cond_signal(&export->taken);
    uv_mutex_unlock(&export->mutex);
}

static void on_gone(void *context)
{
    cancel(context);
}

static void on_wake(uv_async_t *wake);

static void on_drained(void *context)
{
    on_wake(&((struct export *)context)->wake);
}

static void put_headers(const struct export *export, struct response *response)
{
    struct str name = export->plan->resource->name;

    response->status = 200;
    response->vary |= VARY_ENCODING;
    response_header(response, STR("Content-Type"),
                    export->selection.rows.table ? STR("text/csv; charset=utf-8; header=present")
                                                 : STR("application/x-ndjson"));
    buf_printf(&response->head, "Content-Disposition: attachment; filename=\"%.*s.%s\"\r\n",
               (int)name.len, name.ptr, export->selection.rows.table ? "csv" : "ndjson");
    buf_printf(&response->head, "X-Total-Count: %lld\r\n", (long long)export->total);
    response_header_lit(response, "Cache-Control", "no-store");
    response_header_lit(response, "X-Accel-Buffering", "no");
    if (export->gzip != NULL)
        response_header_lit(response, "Content-Encoding", "gzip");
}

/* The head of the answer, or what has gone wrong before it. */
static void export_begin(struct export *export, enum err err)
{
    const struct flow_owner owner = {on_gone, on_drained, export};
    struct request *request = export->request;

    export->request = NULL;
    if (err != ERR_OK) {
        problem_send_err(request, database_err(err));
        return;
    }
    put_headers(export, &request->response);
    if (export->head_only) {
        request->response.unsized = true;
        request_finish(request);
        return;
    }
    export->flow = request_flow(request, &owner);
    if (export->flow == NULL)
        cancel(export);
}

/* Sends what is there, unless the client has enough to read. */
static void send_piece(struct export *export)
{
    struct buf piece;

    if (export->flow == NULL || flow_waiting(export->flow) > WAITING_MAX)
        return;
    uv_mutex_lock(&export->mutex);
    piece = export->piece;
    buf_init(&export->piece, TEXT_MAX);
    uv_cond_signal(&export->taken);
    uv_mutex_unlock(&export->mutex);
    for (struct str rest = buf_view(&piece); rest.len > 0 && export->flow != NULL;) {
        size_t len = rest.len < RESPONSE_BODY_MAX ? rest.len : RESPONSE_BODY_MAX;
        if (flow_send(export->flow, str_make(rest.ptr, len)) != ERR_OK)
            cancel(export);
        rest = str_from_offset(rest, len);
    }
    buf_free(&piece);
}

static void on_wake(uv_async_t *wake)
{
    struct export *export = wake->data;
    bool counted, finished;

    if (uv_is_closing((uv_handle_t *)wake))
        return;
    uv_mutex_lock(&export->mutex);
    counted = export->counted;
    finished = export->finished;
    uv_mutex_unlock(&export->mutex);
    if (export->request != NULL && (counted || finished))
        export_begin(export, counted ? ERR_OK : export->err);
    send_piece(export);
    if (finished && (export->piece.len == 0 || export->flow == NULL))
        export_finish(export);
}

/* --- The request --- */

static enum err export_parse(struct export *export, struct request *request,
                             struct problem *problem)
{
    struct arena *arena = &export->arena;

    return selection_parse(&export->query, export->plan->resource, arena_str(arena, request->query),
                           arena, problem);
}

static void export_free(struct export *export)
{
    arena_reset(&export->arena);
    free(export);
}

static void export_start(struct export *export, const struct request *request)
{
    struct exports *all = export->app->exports;

    selection_init(&export->selection, export->plan, &export->query, &export->owner,
                   &export->arena);
    export->head_only = request->method == METHOD_HEAD;
    if (accept_gzip(request_param(request, STR("HTTP_ACCEPT_ENCODING"))))
        export->gzip = gzip_stream_new();
    buf_init(&export->text, TEXT_MAX);
    buf_init(&export->piece, TEXT_MAX);
    uv_mutex_init(&export->mutex);
    uv_cond_init(&export->taken);
    uv_async_init(export->app->loop, &export->wake, on_wake);
    export->wake.data = export;
    export->all = all;
    export->next = all->first;
    all->first = export;
    all->count++;
    if (uv_thread_create(&export->thread, export_run, export) != 0)
        abort();
}

static struct export *export_new(struct app *app, struct request *request,
                                 const struct route *route)
{
    struct export *export = mem_zalloc(sizeof *export);
    struct scope scope;

    scope_init(&scope, request, route);
    export->app = app;
    export->plan = app_plan(app, route->data);
    export->request = request;
    export->owner = scope.owner;
    arena_init(&export->arena, NULL, 0);
    return export;
}

void export_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    struct export *export = export_new(app, request, route);
    struct problem problem;

    (void)id;
    problem_init(&problem, &request->arena);
    if (export_parse(export, request, &problem) != ERR_OK) {
        problem_send_invalid(request, &problem);
    } else if (words_refuse(app, export->plan, &export->query, request)) {
        goto out;
    } else if (!mongo_up(app->mongo)) {
        problem_send_err(request, ERR_UNAVAILABLE);
    } else if (app->exports->count >= EXPORTS_MAX) {
        response_header_lit(&request->response, "Retry-After", "5");
        problem_send(request, 503, STR("Two exports are under way here: try again later"), NULL);
    } else {
        export_start(export, request);
        return;
    }
out:
    export_free(export);
}

/* --- Life --- */

struct exports *exports_new(struct app *app)
{
    struct exports *exports = mem_zalloc(sizeof *exports);

    exports->app = app;
    return exports;
}

void exports_stop(struct exports *exports, void (*done)(void *context), void *context)
{
    exports->stopped = done;
    exports->stopped_context = context;
    for (struct export *export = exports->first; export != NULL; export = export->next) {
        if (export->flow != NULL)
            flow_cut(export->flow);
        cancel(export);
    }
    if (exports->count == 0)
        done(context);
}

void exports_free(struct exports *exports)
{
    free(exports);
}
