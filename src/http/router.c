/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/router.h"

#include <stdlib.h>

#include "base/idiom.h"
#include "base/log.h"
#include "base/mem.h"
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

/* --- The table --- */

/* The first two segments, or what there is. */
static struct str head_of(struct str path)
{
    int slashes = 0;
    size_t i = 0;

    for (; i < path.len; i++)
        if (path.ptr[i] == '/' && ++slashes == 3)
            break;
    return str_make(path.ptr, i);
}

/* The first path of the heads that share a slot: paths are compared as a whole anyway. */
static uint32_t *slot_at(const struct router *router, struct str head)
{
    uint32_t last = 0;

    if (head.len >= sizeof last)
        memcpy(&last, head.ptr + head.len - sizeof last, sizeof last);
    return &router
                ->slots[(last * UINT32_C(2654435769) >> 16 ^ head.len) & (router->slot_count - 1)];
}

/* Those without an id before those with one. */
static void link_path(struct router *router, uint32_t index)
{
    struct router_path *path = &router->paths[index - 1];
    uint32_t *at = slot_at(router, head_of(path->prefix));

    while (*at != 0 && (path->has_id || !router->paths[*at - 1].has_id))
        at = &router->paths[*at - 1].next;
    path->next = *at;
    *at = index;
}

/* Twice as many slots, at least, as paths. */
static void grow(struct router *router)
{
    size_t room = router->slot_count / 2;

    if (router->count < room)
        return;
    room = room == 0 ? 16 : 2 * room;
    router->paths = mem_realloc(router->paths, room * sizeof *router->paths);
    free(router->slots);
    router->slot_count = 2 * room;
    router->slots = mem_zalloc(router->slot_count * sizeof *router->slots);
    for (size_t i = 0; i < router->count; i++)
        link_path(router, (uint32_t)i + 1);
}

static struct router_path *path_of(struct router *router, struct str prefix, struct str suffix,
                                   bool has_id)
{
    for (size_t i = 0; i < router->count; i++)
        if (router->paths[i].has_id == has_id && str_eq(router->paths[i].prefix, prefix) &&
            str_eq(router->paths[i].suffix, suffix))
            return &router->paths[i];
    grow(router);
    router->paths[router->count++] =
        (struct router_path){prefix, suffix, has_id, .methods = METHOD_OPTIONS};
    link_path(router, (uint32_t)router->count);
    return &router->paths[router->count - 1];
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

void router_free(struct router *router)
{
    free(router->paths);
    free(router->slots);
    *router = (struct router){0};
}

/* --- Finding --- */

static bool is_at(const struct router_path *at, struct str path, struct str *id)
{
    size_t prefix = at->prefix.len, suffix = at->suffix.len;

    if (!at->has_id)
        return path.len == prefix && memcmp(path.ptr, at->prefix.ptr, prefix) == 0;
    if (path.len <= prefix + suffix || memcmp(path.ptr, at->prefix.ptr, prefix) != 0 ||
        (suffix > 0 && memcmp(path.ptr + path.len - suffix, at->suffix.ptr, suffix) != 0))
        return false;
    *id = str_make(path.ptr + prefix, path.len - prefix - suffix);
    return memchr(id->ptr, '/', id->len) == NULL;
}

struct router_path *router_find(struct router *router, struct str path, struct str *id)
{
    uint32_t index = router->slot_count > 0 ? *slot_at(router, head_of(path)) : 0;

    for (; index != 0; index = router->paths[index - 1].next) {
        *id = STR("");
        if (is_at(&router->paths[index - 1], path, id))
            return &router->paths[index - 1];
    }
    return NULL;
}

const struct route *router_route(const struct router_path *path, enum method method)
{
    size_t slot = slot_of(method);

    return slot < ROUTER_METHODS ? path->routes[slot] : NULL;
}

static void add_allow(unsigned methods, struct response *response)
{
    struct buf *head = &response->head;
    bool first = true;

    buf_literal(head, "Allow: ");
    for (size_t i = 0; i < COUNT(listed); i++) {
        if ((methods & (unsigned)listed[i]) == 0)
            continue;
        if (!first)
            buf_literal(head, ", ");
        buf_str(head, method_name(listed[i]));
        first = false;
    }
    buf_literal(head, "\r\n");
}

void router_allow(unsigned methods, struct request *request)
{
    add_allow(methods, &request->response);
    request->response.status = 204;
    request_finish(request);
}

void router_refuse(const struct router_path *path, struct request *request)
{
    if (request->method == METHOD_OPTIONS) {
        router_allow(path->methods, request);
    } else {
        add_allow(path->methods, &request->response);
        problem_send(request, 405, STR("Method not allowed here"), NULL);
    }
}
