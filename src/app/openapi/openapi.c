/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/openapi/openapi.h"

#include <stdlib.h>

#include "app/answer.h"
#include "app/openapi/document.h"
#include "app/openapi/page.h"
#include "base/gzip.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/accept.h"
#include "http/conditional.h"

enum { DOCUMENT_MAX = 1 << 20, POLICY_SIZE = 160 };

/* One answer that never changes. */
struct page {
    struct buf plain, gzip;
    char etag_room[ETAG_SIZE];
    struct str etag;
};

struct openapi {
    struct page document, docs;
    char policy[POLICY_SIZE];
    size_t policy_len;
};

/* --- Making it --- */

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

/* The page needs nothing but its own style sheet, which the policy names by its hash (CSP 3
 * section 2.3.1: base64url is allowed there, and some browsers want its padding). */
static void set_policy(struct openapi *openapi)
{
    static const char before[] = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
                                 "form-action 'none'; style-src 'sha256-";
    unsigned char digest[SHA256_SIZE];
    char *to = openapi->policy;

    _Static_assert(sizeof before + BASE64_SIZE(SHA256_SIZE) + 1 <= POLICY_SIZE, "it is short");
    _Static_assert(SHA256_SIZE % 3 == 2, "it is padded with one sign");
    sha256(openapi_style(), digest);
    memcpy(to, before, sizeof before - 1);
    to += sizeof before - 1;
    base64url_encode(digest, sizeof digest, to);
    to += BASE64_SIZE(SHA256_SIZE);
    *to++ = '=';
    *to++ = '\'';
    openapi->policy_len = (size_t)(to - openapi->policy);
}

struct openapi *openapi_new(const struct router *router, const struct app_config *config)
{
    struct openapi *openapi = mem_zalloc(sizeof *openapi);
    json_t *document = openapi_document(router, config);

    buf_init(&openapi->document.plain, DOCUMENT_MAX);
    buf_init(&openapi->docs.plain, DOCUMENT_MAX);
    if (document == NULL ||
        json_dump_callback(document, openapi_append, &openapi->document.plain, JSON_COMPACT) != 0) {
        log_error("app", "the API cannot be described");
        abort();
    }
    openapi_page(document, &openapi->docs.plain);
    json_decref(document);
    page_finish(&openapi->document);
    page_finish(&openapi->docs);
    set_policy(openapi);
    return openapi;
}

static void page_free(struct page *page)
{
    buf_free(&page->plain);
    buf_free(&page->gzip);
}

void openapi_free(struct openapi *openapi)
{
    if (openapi == NULL)
        return;
    page_free(&openapi->document);
    page_free(&openapi->docs);
    free(openapi);
}

/* --- Answering with it --- */

static void send_page(struct request *request, const struct page *page, struct str type)
{
    struct response *response = &request->response;
    bool gzip =
        page->gzip.len > 0 && accept_gzip(request_param(request, STR("HTTP_ACCEPT_ENCODING")));

    response_header_lit(response, "Cache-Status", "larder; hit; detail=memory");
    answer_cacheable(request, page->etag);
    if (answer_not_modified(request, page->etag))
        return;
    response->status = 200;
    response_header(response, STR("Content-Type"), type);
    if (gzip)
        response_header_lit(response, "Content-Encoding", "gzip");
    response_part(response, buf_view(gzip ? &page->gzip : &page->plain));
    request_finish(request);
}

void openapi_handle(void *context, struct request *request, const struct route *route,
                    struct str id)
{
    const struct app *app = context;

    (void)route, (void)id;
    if (take_no_query(request))
        send_page(request, &app->openapi->document, STR("application/json; charset=utf-8"));
}

void docs_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    const struct app *app = context;
    const struct openapi *openapi = app->openapi;

    (void)route, (void)id;
    if (!take_no_query(request))
        return;
    response_header(&request->response, STR("Content-Security-Policy"),
                    str_make(openapi->policy, openapi->policy_len));
    send_page(request, &openapi->docs, STR("text/html; charset=utf-8"));
}
