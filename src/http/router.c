/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/router.h"

#include <stdlib.h>

#include "base/idiom.h"
#include "base/log.h"
#include "http/problem.h"

static const enum method slots[ROUTER_METHODS] = {METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH,
                                                  METHOD_DELETE};
static const enum method listed[] = {METHOD_GET,   METHOD_HEAD,   METHOD_POST,   METHOD_PUT,
                                     METHOD_PATCH, METHOD_DELETE, METHOD_OPTIONS};

static size_t slot_of(enum method method)
{
    size_t slot = 0;

    if (method == METHOD_HEAD)
        method = METHOD_GET;
    while (slot < ROUTER_METHODS && slots[slot] != method)
        slot++;
    return slot;
}

static struct router_path *path_of(struct router *router, struct str prefix, struct str suffix,
                                   bool has_id)
{
    size_t at = router->count;

    for (size_t i = 0; i < router->count; i++)
        if (router->paths[i].has_id == has_id && str_eq(router->paths[i].prefix, prefix) &&
            str_eq(router->paths[i].suffix, suffix))
            return &router->paths[i];
    if (router->count == ROUTER_PATHS_MAX) {
        log_error("router", "too many paths");
        abort();
    }
    if (!has_id)
        for (at = 0; at < router->count && !router->paths[at].has_id;)
            at++;
    memmove(&router->paths[at + 1], &router->paths[at],
            (router->count - at) * sizeof router->paths[0]);
    router->count++;
    router->paths[at] = (struct router_path){prefix, suffix, has_id, .methods = METHOD_OPTIONS};
    return &router->paths[at];
}

void router_add(struct router *router, const struct route *routes, size_t count)
{
    static const struct str mark = STR_INIT("{id}");

    for (size_t i = 0; i < count; i++) {
        struct str prefix = routes[i].pattern, suffix = STR("");
        size_t brace = str_find(prefix, mark.ptr[0]);
        bool has_id = str_starts(str_from_offset(prefix, brace), mark);
        size_t slot = slot_of(routes[i].method);
        struct router_path *path;

        if (has_id) {
            suffix = str_from_offset(prefix, brace + mark.len);
            prefix.len = brace;
        }
        path = path_of(router, prefix, suffix, has_id);
        if (slot == ROUTER_METHODS || path->routes[slot] != NULL) {
            log_error("router", "a route cannot be added", LOG_STR("path", routes[i].pattern));
            abort();
        }
        path->routes[slot] = &routes[i];
        path->methods |= (unsigned)routes[i].method;
        if (routes[i].method == METHOD_GET)
            path->methods |= METHOD_HEAD;
        path->durations.route = routes[i].pattern;
        path->durations.methods = path->methods;
    }
}

struct router_path *router_find(struct router *router, struct str path, struct str *id)
{
    for (size_t i = 0; i < router->count; i++) {
        struct router_path *at = &router->paths[i];
        if (!at->has_id) {
            if (path.len != at->prefix.len || memcmp(path.ptr, at->prefix.ptr, path.len) != 0)
                continue;
            *id = STR("");
            return at;
        }
        if (path.len <= at->prefix.len + at->suffix.len ||
            memcmp(path.ptr, at->prefix.ptr, at->prefix.len) != 0 ||
            !str_eq(str_from_offset(path, path.len - at->suffix.len), at->suffix))
            continue;
        *id = str_from_offset(path, at->prefix.len);
        id->len -= at->suffix.len;
        if (str_find(*id, '/') == id->len)
            return at;
    }
    return NULL;
}

const struct route *router_route(const struct router_path *path, enum method method)
{
    size_t slot = slot_of(method);

    return slot < ROUTER_METHODS ? path->routes[slot] : NULL;
}

static void add_allow(const struct router_path *path, struct response *response)
{
    struct buf *head = &response->head;
    bool first = true;

    buf_literal(head, "Allow: ");
    for (size_t i = 0; i < COUNT(listed); i++) {
        if ((path->methods & (unsigned)listed[i]) == 0)
            continue;
        if (!first)
            buf_literal(head, ", ");
        buf_str(head, method_name(listed[i]));
        first = false;
    }
    buf_literal(head, "\r\n");
}

void router_refuse(const struct router_path *path, struct request *request)
{
    add_allow(path, &request->response);
    if (request->method == METHOD_OPTIONS) {
        request->response.status = 204;
        request_finish(request);
    } else {
        problem_send(request, 405, STR("Method not allowed here"), NULL);
    }
}
