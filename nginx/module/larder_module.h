/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_NGINX_MODULE_H
#define LARDER_NGINX_MODULE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "app/edge.h"
#include "app/edge_host.h"
#include "http/request.h"

/* Inside of the module: shared by its files. */

/* larder_request.c: converts one request at a time, in memory that the process reuses. */

/* Call before the first request of this process. */
void larder_requests_begin(void);
void larder_requests_end(void);
/* Converts r to the request that a worker would get. NULL: a worker must answer r. Valid until
 * larder_request_put. */
struct request *larder_request_take(ngx_http_request_t *r);
void larder_request_put(struct request *request);
/* Gives the body's bytes to r, for the life of r's pool. False: no memory. */
bool larder_request_give_body(ngx_http_request_t *r, struct response *response);

/* larder_reply.c: sends the response, which is not needed afterwards. Returns as
 * ngx_http_output_filter does. */
ngx_int_t larder_reply(ngx_http_request_t *r, struct request *request);

static inline struct str larder_str(ngx_str_t s)
{
    return str_make((const char *)s.data, s.len);
}

#endif
