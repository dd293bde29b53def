/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/cors.h"

#define MAY_READ "GET, HEAD"
#define MAY_ALL  MAY_READ ", POST, PUT, PATCH, DELETE"
/* What the API reads of a request, and what tools add for tracing. */
#define HEADERS_READ                                                                               \
    "Content-Type, If-None-Match, Cache-Control, X-Request-Id, Last-Event-ID, traceparent, "       \
    "tracestate"
#define HEADERS_ALL HEADERS_READ ", Authorization, Idempotency-Key, If-Match"

void cors_init(struct cors *cors, struct str origins)
{
    struct str rest = origins, one;

    *cors = (struct cors){.origins = origins};
    while (rest.len > 0 && str_split(&rest, ',', &one)) {
        if (str_eq(str_trim(one), STR("*")))
            cors->any = true;
        else
            cors->named = true;
    }
}

bool cors_names(const struct cors *cors, struct str origin)
{
    struct str rest = cors->origins, one;

    if (origin.len == 0 || str_eq(origin, STR("*")))
        return false;
    while (rest.len > 0 && str_split(&rest, ',', &one))
        if (str_eq_nocase(str_trim(one), origin))
            return true;
    return false;
}

static struct str asked_method(const struct request *request)
{
    if (request->method != METHOD_OPTIONS)
        return STR("");
    return request_param(request, STR("HTTP_ACCESS_CONTROL_REQUEST_METHOD"));
}

static bool is_read(const struct request *request)
{
    unsigned method = (unsigned)request->method;
    struct str asked = asked_method(request);

    if (asked.len > 0)
        method = (unsigned)method_parse(asked);
    return (method & (METHOD_GET | METHOD_HEAD)) != 0;
}

bool cors_is_preflight(const struct cors *cors, const struct request *request)
{
    return asked_method(request).len > 0 &&
           (cors_names(cors, request_param(request, STR("HTTP_ORIGIN"))) ||
            (cors->any && is_read(request)));
}

/* Browsers keep that for two hours at most. */
static void put_rights(struct buf *head, bool named)
{
    buf_literal(head, "Access-Control-Max-Age: 7200\r\n");
    if (named)
        buf_literal(head, "Access-Control-Allow-Methods: " MAY_ALL "\r\n"
                          "Access-Control-Allow-Headers: " HEADERS_ALL "\r\n");
    else
        buf_literal(head, "Access-Control-Allow-Methods: " MAY_READ "\r\n"
                          "Access-Control-Allow-Headers: " HEADERS_READ "\r\n");
}

void cors_answer(void *context, struct request *request)
{
    const struct cors *cors = context;
    struct response *response = &request->response;
    struct str origin;
    bool named;

    if (!cors->named && !cors->any)
        return;
    origin = request_param(request, STR("HTTP_ORIGIN"));
    named = cors_names(cors, origin);
    if (cors->named)
        response->vary |= VARY_ORIGIN;
    if (!named && !(cors->any && is_read(request)))
        return;
    response_header(response, STR("Access-Control-Allow-Origin"), named ? origin : STR("*"));
    if (named)
        response_header_lit(response, "Access-Control-Allow-Credentials", "true");
    if (asked_method(request).len > 0)
        put_rights(&response->head, named);
    else
        response_header_lit(
            response, "Access-Control-Expose-Headers",
            "ETag, Link, X-Total-Count, Location, X-Request-Id, Cache-Status, RateLimit, "
            "RateLimit-Policy, Retry-After, Idempotent-Replayed");
}
