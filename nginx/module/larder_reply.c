/* SPDX-License-Identifier: BSD-2-Clause */
#include "larder_module.h"

#include "base/idiom.h"

/* nginx sends the headers in the order in which they are pushed, as it does with a worker's. */

typedef ngx_int_t reply_header_t(ngx_http_request_t *r, ngx_table_elt_t *header);

/* The charset stands apart, for the modules that look at the type. */
static void reply_content_type(ngx_http_request_t *r, ngx_str_t value)
{
    static const struct str charset = STR_INIT("charset=");
    u_char *mark = ngx_strlchr(value.data, value.data + value.len, ';');

    r->headers_out.content_type = value;
    r->headers_out.content_type_len = value.len;
    r->headers_out.content_type_lowcase = NULL;
    if (mark == NULL)
        return;
    for (u_char *at = mark + 1; at + charset.len <= value.data + value.len; at++) {
        if (ngx_strncasecmp(at, (u_char *)(uintptr_t)charset.ptr, charset.len) != 0)
            continue;
        r->headers_out.content_type_len = (size_t)(mark - value.data);
        r->headers_out.charset.data = at + charset.len;
        r->headers_out.charset.len = (size_t)(value.data + value.len - at) - charset.len;
        return;
    }
}

static ngx_int_t reply_etag(ngx_http_request_t *r, ngx_table_elt_t *header)
{
    r->headers_out.etag = header;
    return NGX_OK;
}

static ngx_int_t reply_encoding(ngx_http_request_t *r, ngx_table_elt_t *header)
{
    r->headers_out.content_encoding = header;
    return NGX_OK;
}

static ngx_int_t reply_cache_control(ngx_http_request_t *r, ngx_table_elt_t *header)
{
#if (nginx_version >= 1023000)
    r->headers_out.cache_control = header;
#else
    ngx_array_t *all = &r->headers_out.cache_control;
    ngx_table_elt_t **place;

    if (all->elts == NULL && ngx_array_init(all, r->pool, 1, sizeof *place) != NGX_OK)
        return NGX_ERROR;
    place = ngx_array_push(all);
    if (place == NULL)
        return NGX_ERROR;
    *place = header;
#endif
    return NGX_OK;
}

/* Headers that modules of nginx look for in a place of their own. */
static const struct {
    struct str name;
    reply_header_t *set;
} places[] = {
    {STR_INIT("ETag"), reply_etag},
    {STR_INIT("Content-Encoding"), reply_encoding},
    {STR_INIT("Cache-Control"), reply_cache_control},
};

static ngx_int_t reply_header(ngx_http_request_t *r, struct str name, struct str value)
{
    ngx_str_t data = {value.len, (u_char *)(uintptr_t)value.ptr};
    ngx_table_elt_t *header;

    if (str_eq(name, STR("Content-Type"))) {
        reply_content_type(r, data);
        return NGX_OK;
    }
    header = ngx_list_push(&r->headers_out.headers);
    if (header == NULL)
        return NGX_ERROR;
    ngx_memzero(header, sizeof *header);
    header->hash = 1;
    header->key = (ngx_str_t){name.len, (u_char *)(uintptr_t)name.ptr};
    header->value = data;
    for (size_t i = 0; i < COUNT(places); i++)
        if (str_eq(name, places[i].name))
            return places[i].set(r, header);
    return NGX_OK;
}

/* "Name: value\r\n" each; the text stays as long as the request. */
static ngx_int_t reply_lines(ngx_http_request_t *r, struct str text)
{
    while (text.len > 0) {
        struct str name = str_make(text.ptr, str_find(text, ':')),
                   rest = str_from_offset(text, name.len + 2),
                   value = str_make(rest.ptr, str_find(rest, '\r'));

        if (value.len > 0 && reply_header(r, name, value) != NGX_OK)
            return NGX_ERROR;
        text = str_from_offset(rest, value.len + 2);
    }
    return NGX_OK;
}

/* In the order of a worker's answer (gateway/fcgi_answer.c). */
static ngx_int_t reply_head(ngx_http_request_t *r, const struct request *request)
{
    static const struct str id = STR_INIT("X-Request-Id: ");
    const struct response *response = &request->response;
    struct str head = buf_view(&response->head);
    char *room = ngx_pnalloc(r->pool, head.len + RESPONSE_VARY_MAX + id.len + REQUEST_ID_MAX + 2);
    char *at = room;

    if (room == NULL)
        return NGX_ERROR;
    at = (char *)ngx_cpymem(at, head.ptr, head.len);
    at = response_put_vary(response, at);
    at = (char *)ngx_cpymem(at, id.ptr, id.len);
    at = (char *)ngx_cpymem(at, request->id.ptr, request->id.len);
    *at++ = '\r';
    *at++ = '\n';
    r->headers_out.status = response->status;
    if (response_has_content(response))
        r->headers_out.content_length_n = (off_t)response_length(response);
    /* Its conditions were looked at, and ranges are not for a worker's answers either. */
    r->disable_not_modified = 1;
    r->allow_ranges = 0;
    return reply_lines(r, str_make(room, (size_t)(at - room)));
}

/* Not copied: what it is of is the request's from now on. */
static ngx_buf_t *reply_body(ngx_http_request_t *r, struct response *response)
{
    ngx_buf_t *buf = ngx_calloc_buf(r->pool);
    struct str bytes = response->parts[0];

    if (buf == NULL || !larder_request_give_body(r, response))
        return NULL;
    buf->pos = buf->start = (u_char *)(uintptr_t)bytes.ptr;
    buf->last = buf->end = buf->pos + bytes.len;
    buf->memory = 1;
    buf->last_buf = 1;
    buf->last_in_chain = 1;
    return buf;
}

ngx_int_t larder_reply(ngx_http_request_t *r, struct request *request)
{
    ngx_chain_t chain = {NULL, NULL};
    ngx_int_t rc;

    if (reply_head(r, request) != NGX_OK)
        return NGX_ERROR;
    if (request->response.part_count == 0) {
        r->header_only = 1; /* nginx waits for a body otherwise */
    } else if (r->method != NGX_HTTP_HEAD) {
        chain.buf = reply_body(r, &request->response);
        if (chain.buf == NULL)
            return NGX_ERROR;
    }
    rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only || chain.buf == NULL)
        return rc;
    return ngx_http_output_filter(r, &chain);
}
