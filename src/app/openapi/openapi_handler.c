/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/openapi/openapi.h"

#include <stdlib.h>

#include "app/answer.h"
#include "app/openapi/openapi_document.h"
#include "base/gzip.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/accept.h"
#include "http/conditional.h"

enum { DOCUMENT_MAX = 64 << 20 };

/* One answer that never changes. */
struct page {
    struct buf plain, gzip;
    char etag_room[ETAG_SIZE];
    struct str etag;
    struct str type;
};

enum { DOCUMENT, FILES, PAGES };

/* A request that came before there was an answer; the request's arena's. */
struct waiting {
    struct request *request;
    const struct page *page;
    struct waiting *next;
};

struct openapi {
    struct app *app;
    uv_work_t work;
    bool made;
    struct page pages[PAGES];
    struct waiting *first, **last;
};

/* --- Making it, on a thread --- */

static void page_finish(struct page *page)
{
    if (page->plain.err != ERR_OK) {
        log_error("app", "the description of the API is too large");
        abort();
    }
    page->etag = etag_of(buf_view(&page->plain), false, page->etag_room);
    buf_init(&page->gzip, DOCUMENT_MAX);
    (void)gzip_pack(buf_view(&page->plain), 0, STR(""), &page->gzip);
}

static int openapi_append(const char *text, size_t len, void *context)
{
    buf_append(context, text, len);
    return 0;
}

static void make(uv_work_t *work)
{
    struct openapi *openapi = work->data;
    struct page *pages = openapi->pages;
    json_t *document =
        openapi_document(&openapi->app->router, openapi->app->schema, &openapi->app->config);

    if (document == NULL ||
        json_dump_callback(document, openapi_append, &pages[DOCUMENT].plain, JSON_COMPACT) != 0) {
        log_error("app", "the API cannot be described");
        abort();
    }
    json_decref(document);
    buf_str(&pages[FILES].plain, schema_of_files());
    for (size_t i = 0; i < PAGES; i++)
        page_finish(&pages[i]);
}

static void send_page(struct request *request, const struct page *page);

static void made(uv_work_t *work, int status)
{
    struct openapi *openapi = work->data;
    struct waiting *waiting = openapi->first, *next;

    (void)status;
    openapi->made = true;
    for (; waiting != NULL; waiting = next) {
        next = waiting->next;
        send_page(waiting->request, waiting->page);
    }
}

/* --- Life --- */

struct openapi *openapi_new(struct app *app)
{
    static const struct str json = STR_INIT("application/json; charset=utf-8");
    struct openapi *openapi = mem_zalloc(sizeof *openapi);

    openapi->app = app;
    openapi->last = &openapi->first;
    openapi->work.data = openapi;
    for (size_t i = 0; i < PAGES; i++) {
        buf_init(&openapi->pages[i].plain, DOCUMENT_MAX);
        openapi->pages[i].type = json;
    }
    openapi->pages[FILES].type = STR("application/schema+json");
    return openapi;
}

void openapi_start(struct openapi *openapi)
{
    uv_queue_work(openapi->app->loop, &openapi->work, make, made);
}

void openapi_free(struct openapi *openapi)
{
    if (openapi == NULL)
        return;
    for (size_t i = 0; i < PAGES; i++) {
        buf_free(&openapi->pages[i].plain);
        buf_free(&openapi->pages[i].gzip);
    }
    free(openapi);
}

/* --- Answering with it --- */

static void send_page(struct request *request, const struct page *page)
{
    struct response *response = &request->response;
    bool gzip =
        page->gzip.len > 0 && accept_gzip(request_param(request, STR("HTTP_ACCEPT_ENCODING")));

    response_header_lit(response, "Cache-Status", "larder; hit; detail=memory");
    answer_cacheable(request, page->etag);
    if (answer_not_modified(request, page->etag))
        return;
    response->status = 200;
    response_header(response, STR("Content-Type"), page->type);
    if (gzip)
        response_header_lit(response, "Content-Encoding", "gzip");
    response_part(response, buf_view(gzip ? &page->gzip : &page->plain));
    request_finish(request);
}

/* Now, or when it is made. */
static void answer_page(struct app *app, struct request *request, size_t page)
{
    struct openapi *openapi = app->openapi;
    struct waiting *waiting;

    if (!take_no_query(request))
        return;
    if (openapi->made) {
        send_page(request, &openapi->pages[page]);
        return;
    }
    waiting = arena_alloc(&request->arena, sizeof *waiting);
    *waiting = (struct waiting){request, &openapi->pages[page], NULL};
    *openapi->last = waiting;
    openapi->last = &waiting->next;
}

void openapi_handle(void *context, struct request *request, const struct route *route,
                    struct str id)
{
    (void)route, (void)id;
    answer_page(context, request, DOCUMENT);
}

void docs_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    (void)route, (void)id;
    response_header_lit(&request->response, "Vary", "Accept"); /* nginx has a page here too */
    answer_page(context, request, DOCUMENT);
}

void files_schema_handle(void *context, struct request *request, const struct route *route,
                         struct str id)
{
    (void)route, (void)id;
    answer_page(context, request, FILES);
}
