/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/router.h"

#include <stdlib.h>

#include "base/hash.h"
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

/* The slot of a path, or the free one where it would be. */
static uint32_t *slot_at(const struct router *router, struct str prefix, struct str suffix,
                         bool has_id)
{
    size_t mask = router->slot_count - 1, at = (size_t)hash64(prefix.ptr, prefix.len) & mask;

    for (; router->slots[at] != 0; at = (at + 1) & mask) {
        const struct router_path *path = &router->paths[router->slots[at] - 1];
        if (path->has_id == has_id && str_eq(path->prefix, prefix) && str_eq(path->suffix, suffix))
            break;
    }
    return &router->slots[at];
}

/* Twice as many slots, at least, as paths. */
static void grow(struct router *router)
{
    size_t paths = router->slot_count == 0 ? 16 : router->slot_count;

    if (router->count < paths / 2 && router->slot_count > 0)
        return;
    router->paths = mem_realloc(router->paths, paths * sizeof *router->paths);
    free(router->slots);
    router->slot_count = 2 * paths;
    router->slots = mem_zalloc(router->slot_count * sizeof *router->slots);
    for (size_t i = 0; i < router->count; i++) {
        const struct router_path *path = &router->paths[i];
        *slot_at(router, path->prefix, path->suffix, path->has_id) = (uint32_t)i + 1;
    }
}

static struct router_path *path_of(struct router *router, struct str prefix, struct str suffix,
                                   bool has_id)
{
    uint32_t *slot;

    grow(router);
    slot = slot_at(router, prefix, suffix, has_id);
    if (*slot == 0) {
        router->paths[router->count] =
            (struct router_path){prefix, suffix, has_id, .methods = METHOD_OPTIONS};
        *slot = (uint32_t)++router->count;
    }
    return &router->paths[*slot - 1];
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
    }
}

void router_free(struct router *router)
{
    free(router->paths);
    free(router->slots);
    *router = (struct router){0};
}

/* --- Finding --- */

static const struct router_path *path_at(const struct router *router, struct str prefix,
                                         struct str suffix, bool has_id)
{
    uint32_t index = *slot_at(router, prefix, suffix, has_id);

    return index != 0 ? &router->paths[index - 1] : NULL;
}

/* Offset behind the last slash before end. */
static size_t segment_at(struct str path, size_t end)
{
    const char *slash = end > 0 ? memrchr(path.ptr, '/', end) : NULL;

    return slash != NULL ? (size_t)(slash - path.ptr) + 1 : 0;
}

/* The id is the last segment, or the one before it. */
const struct router_path *router_find(const struct router *router, struct str path, struct str *id)
{
    const struct router_path *found;
    size_t end = path.len;

    *id = STR("");
    if (router->slot_count == 0)
        return NULL;
    found = path_at(router, path, STR(""), false);
    for (int segments = 0; found == NULL && segments < 2; segments++) {
        size_t at = segment_at(path, end);
        if (at == 0)
            break;
        if (at < end)
            found = path_at(router, str_make(path.ptr, at), str_from_offset(path, end), true);
        *id = str_make(path.ptr + at, end - at);
        end = at - 1;
    }
    return found;
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
