/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/request.h"

#include <string.h>

#include "base/idiom.h"
#include "http/flow.h"

struct str request_param(const struct request *request, struct str name)
{
    for (size_t i = 0; i < request->param_count; i++)
        if (str_eq(request->params[i].name, name))
            return request->params[i].value;
    return str_make(NULL, 0);
}

/* "http://host/path" (RFC 9112 section 3.2.2) as its path. */
static struct str origin_form(struct str uri)
{
    static const struct str schemes[] = {STR_INIT("http://"), STR_INIT("https://")};

    for (size_t i = 0; i < COUNT(schemes); i++) {
        if (!str_starts(uri, schemes[i]))
            continue;
        uri = str_from_offset(uri, schemes[i].len);
        return str_from_offset(uri, str_find(uri, '/'));
    }
    return uri;
}

static void join_path(struct request *request)
{
    request->path = ARENA_JOIN(&request->arena, request_param(request, STR("SCRIPT_NAME")),
                               request_param(request, STR("PATH_INFO")));
    request->query = request_param(request, STR("QUERY_STRING"));
}

/* The parameters that each request is asked for, in one pass.  Most names differ in their length
 * already; of two headers of one trace, neither is believed. */
static void take_params(struct request *request, struct str *uri)
{
    bool traced = false;

    for (size_t i = 0; i < request->param_count; i++) {
        struct str name = request->params[i].name, value = request->params[i].value;

        switch (name.len) {
        case sizeof "REQUEST_URI" - 1:
            if (str_eq(name, STR("REQUEST_URI")))
                *uri = value;
            else if (str_eq(name, STR("HTTP_COOKIE")))
                request->has_credentials = true;
            else if (str_eq(name, STR("HTTP_ACCEPT")))
                request->accept = value;
            break;
        case sizeof "REQUEST_METHOD" - 1:
            if (str_eq(name, STR("REQUEST_METHOD")))
                request->method_text = value;
            break;
        case sizeof "HTTP_AUTHORIZATION" - 1:
            if (str_eq(name, STR("HTTP_AUTHORIZATION")))
                request->has_credentials = true;
            break;
        case sizeof "HTTP_TRACEPARENT" - 1:
            if (str_eq(name, STR("HTTP_TRACEPARENT"))) {
                request->traceparent = traced ? STR("") : value;
                traced = true;
            }
            break;
        }
    }
}

enum err request_target(struct request *request)
{
    struct str uri = {NULL, 0};
    size_t mark;

    take_params(request, &uri);
    uri = origin_form(uri);
    mark = str_find(uri, '?');
    request->method = method_parse(request->method_text);
    if (uri.len > 0) {
        request->path = str_make(uri.ptr, mark);
        request->query = str_from_offset(uri, mark + 1);
    } else {
        join_path(request);
    }
    if (request->method_text.len == 0 || request->path.len == 0 || request->path.ptr[0] != '/')
        return ERR_INVALID;
    return ERR_OK;
}

static bool is_safe(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-_.:=+/@~", c) != NULL);
}

void request_take_id(struct request *request)
{
    struct str id = request_param(request, STR("HTTP_X_REQUEST_ID"));

    if (id.len == 0 || id.len > REQUEST_ID_MAX)
        return;
    for (size_t i = 0; i < id.len; i++)
        if (!is_safe(id.ptr[i]))
            return;
    request->id = id;
}

void request_finish(struct request *request)
{
    request->on_finish(request);
}

struct flow *request_flow(struct request *request, const struct flow_owner *owner)
{
    return request->on_flow(request, owner);
}
