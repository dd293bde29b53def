/* SPDX-License-Identifier: BSD-2-Clause */
#include "larder_module.h"

#include "base/clock.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "cache/entry.h"
#include "http/printable.h"
#include "http/request_ids.h"

enum {
    URI_MAX = 2048, /* of a longer one, reading the query could need more than the arena */
    ARENA = 512 << 10,
    KEEP = ENTRY_SIZE_MAX + (32 << 10),
    SPARES = 16,
    /* Well below what a worker takes (gateway/fcgi_params.h): what is beyond, it may refuse. */
    HEADERS_MAX = 100,
    HEADERS_SIZE_MAX = 24 << 10,
    NAME_MAX_LEN = 200,
};

/* Headers that bear on the answer: what they are called to a worker; or, without such a name, that
 * only a worker can say what they mean. */
struct meant {
    struct str name, param;
};
static const struct meant meant[] = {
    {STR_INIT("accept"), STR_INIT("HTTP_ACCEPT")},
    {STR_INIT("accept-encoding"), STR_INIT("HTTP_ACCEPT_ENCODING")},
    {STR_INIT("authorization"), STR_INIT("")},
    {STR_INIT("content-length"), STR_INIT("")},
    {STR_INIT("cookie"), STR_INIT("")},
    {STR_INIT("expect"), STR_INIT("")},
    {STR_INIT("idempotency-key"), STR_INIT("")},
    {STR_INIT("if-none-match"), STR_INIT("HTTP_IF_NONE_MATCH")},
    {STR_INIT("origin"), STR_INIT("")},
    {STR_INIT("transfer-encoding"), STR_INIT("")},
    {STR_INIT("x-request-id"), STR_INIT("HTTP_X_REQUEST_ID")},
};

static struct {
    struct request request;
    struct request_ids ids;
    struct param params[2 + COUNT(meant)];
    char id[REQUEST_ID_SIZE];
    char *arena;
    struct buf spares[SPARES]; /* bodies that have been sent */
    size_t spare_count;
} one;

void larder_requests_begin(void)
{
    request_ids_init(&one.ids, REQUEST_IDS_EDGE);
    one.arena = mem_alloc(ARENA);
    arena_init(&one.request.arena, one.arena, ARENA);
    response_init(&one.request.response);
    (void)buf_reserve(&one.request.response.head, RESPONSE_HEAD_MAX);
}

void larder_requests_end(void)
{
    arena_reset(&one.request.arena);
    response_free(&one.request.response);
    while (one.spare_count > 0)
        buf_free(&one.spares[--one.spare_count]);
    free(one.arena);
    one.arena = NULL;
}

static const struct meant *meaning_of(const ngx_table_elt_t *header)
{
    struct str name = larder_str(header->key);

    for (size_t i = 0; i < COUNT(meant); i++)
        if (name.len == meant[i].name.len && str_eq_nocase(name, meant[i].name))
            return &meant[i];
    return NULL;
}

/* False for what only a worker answers, and for a header that is there twice. */
static bool take_header(const ngx_table_elt_t *header, unsigned *seen)
{
    const struct meant *found = meaning_of(header);
    unsigned bit;

    if (found == NULL)
        return true;
    bit = 1u << (found - meant);
    if (found->param.len == 0 || (*seen & bit) != 0)
        return false;
    *seen |= bit;
    one.params[one.request.param_count++] = (struct param){found->param, larder_str(header->value)};
    return true;
}

/* Whether a worker takes it too. */
static bool is_accepted(const ngx_table_elt_t *header, size_t *count, size_t *size)
{
    *count += 1;
    *size += header->key.len + header->value.len;
    return *count <= HEADERS_MAX && *size <= HEADERS_SIZE_MAX && header->key.len <= NAME_MAX_LEN &&
           printable_is(larder_str(header->value));
}

static bool take_headers(ngx_http_request_t *r)
{
    size_t count = 0, size = 0;
    unsigned seen = 0;

    for (ngx_list_part_t *part = &r->headers_in.headers.part; part != NULL; part = part->next) {
        const ngx_table_elt_t *headers = part->elts;

        for (ngx_uint_t i = 0; i < part->nelts; i++)
            if (!is_accepted(&headers[i], &count, &size) || !take_header(&headers[i], &seen))
                return false;
    }
    return true;
}

static bool may_have_body(const ngx_http_request_t *r)
{
#if (NGX_HTTP_V2)
    if (r->stream != NULL && !r->stream->in_closed)
        return true;
#endif
    return r->headers_in.content_length_n > 0 || r->headers_in.chunked;
}

static bool is_for_us(const ngx_http_request_t *r)
{
    return r == r->main && !r->internal && (r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) != 0 &&
           r->http_version >= NGX_HTTP_VERSION_11 && r->unparsed_uri.len <= URI_MAX &&
           !may_have_body(r);
}

struct request *larder_request_take(ngx_http_request_t *r)
{
    struct request *request = &one.request;

    if (!is_for_us(r))
        return NULL;
    request->accept = STR("");
    request->params = one.params;
    one.params[0] = (struct param){STR("REQUEST_METHOD"), larder_str(r->method_name)};
    one.params[1] = (struct param){STR("REQUEST_URI"), larder_str(r->unparsed_uri)};
    request->param_count = 2;
    if (!take_headers(r) || request_target(request) != ERR_OK)
        return NULL;
    request->arrived_ms = clock_wall_ms();
    request->began_ns = clock_mono_ns();
    request->id = str_make(one.id, sizeof one.id);
    request_ids_next(&one.ids, one.id);
    request_take_id(request);
    return request;
}

void larder_request_put(struct request *request)
{
    arena_reset(&request->arena);
    response_reset(&request->response, KEEP);
}

static void take_body_back(void *data)
{
    struct buf *body = data;

    if (one.spare_count < SPARES && one.arena != NULL)
        one.spares[one.spare_count++] = *body;
    else
        buf_free(body);
}

bool larder_request_give_body(ngx_http_request_t *r, struct response *response)
{
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool, sizeof(struct buf));
    struct buf *body;

    if (cleanup == NULL)
        return false;
    body = cleanup->data;
    *body = response->body;
    cleanup->handler = take_body_back;
    response->body =
        one.spare_count > 0 ? one.spares[--one.spare_count] : BUF_INIT(RESPONSE_BODY_MAX);
    return true;
}
