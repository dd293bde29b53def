/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_NGINX_MODULE_H
#define LARDER_NGINX_MODULE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "app/edge.h"
#include "app/edge_host.h"
#include "http/request.h"

/* Inside of the module: what its files share. */

/* larder_request.c: one request at a time, in memory of the process that is used again. */

/* Before the first request of this process. */
void larder_requests_begin(void);
void larder_requests_end(void);
/* What a worker would be told of r; NULL: a worker must be told.  Valid until it is put back. */
struct request *larder_request_take(ngx_http_request_t *r);
void larder_request_put(struct request *request);
/* Makes the bytes of its body r's, for as long as r's pool lasts; false: there is no memory. */
bool larder_request_give_body(ngx_http_request_t *r, struct response *response);

/* larder_reply.c: sends the response, of which nothing is needed then; as ngx_http_output_filter
 * returns. */
ngx_int_t larder_reply(ngx_http_request_t *r, struct request *request);

static inline struct str larder_str(ngx_str_t s)
{
    return str_make((const char *)s.data, s.len);
}

#endif
