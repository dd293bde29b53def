/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/allowed.h"

#include <stdlib.h>

#include "app/app_state.h"
#include "app/people/auth.h"
#include "base/clock.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "mongo/collection.h"

struct allowed {
    struct request *request;
    const struct router_path *path;
    struct str collection;
    struct condition conditions[2];
    struct mongo_job job;
};

static bool allowed_is_owned(const struct route *route)
{
    return route != NULL && (route->flags & ROUTE_OWNED) != 0;
}

/* Those that are for the owner. */
static unsigned allowed_owned(const struct router_path *path)
{
    static const enum method writes[] = {METHOD_PUT, METHOD_PATCH, METHOD_DELETE};
    unsigned owned = 0;

    for (size_t i = 0; path->has_id && i < COUNT(writes); i++)
        if (allowed_is_owned(router_route(path, writes[i])))
            owned |= (unsigned)writes[i];
    return owned;
}

static enum err allowed_look(struct mongo_db *db, void *context)
{
    static const struct shape shape = {.count = 0};
    const struct allowed *allowed = context;

    return collection_find_one(db, allowed->collection, allowed->conditions, 2, 0,
                               &(struct found_document){.shape = &shape});
}

/* Where the visitor cannot be looked up, the methods of all; a try is answered then. */
static void allowed_looked(void *context, enum err err)
{
    const struct allowed *allowed = context;
    unsigned methods = allowed->path->methods;

    if (err == ERR_NOT_FOUND)
        methods &= ~allowed_owned(allowed->path);
    router_allow(methods, allowed->request);
}

static void allowed_handle(void *context, struct request *request, const struct route *route,
                           struct str id)
{
    struct app *app = context;
    const struct router_path *path = route->detail;
    const struct resource *resource = route->data;
    const struct visitor *visitor = request_visitor(request);
    struct allowed *allowed;
    char room[ID_TEXT_MAX];
    struct str canonical;

    if (visitor == NULL || visitor->profile.role == ROLE_ADMIN ||
        id_parse(resource->id, id, room, &canonical) != ERR_OK) {
        router_refuse(path, request);
        return;
    }
    allowed = mem_zalloc(sizeof *allowed);
    allowed->request = request;
    allowed->path = path;
    allowed->collection = resource->collection;
    allowed->conditions[0] = (struct condition){
        STR("_id"), OP_EQ, id_value(resource->id, arena_str(&request->arena, canonical))};
    allowed->conditions[1] =
        (struct condition){resource->kept.owner, OP_SAME, value_oid(visitor->profile.id)};
    allowed->job = (struct mongo_job){.work = allowed_look,
                                      .done = allowed_looked,
                                      .release = free,
                                      .context = allowed,
                                      .deadline_ms = clock_mono_ms() + READ_MS};
    mongo_submit_or_tell(app->mongo, &allowed->job);
}

const struct route *allowed_route(const struct router_path *path, struct request *request)
{
    const struct route *write = router_route(path, METHOD_PATCH);
    struct route *route;

    if (!request->has_credentials || allowed_owned(path) == 0)
        return NULL;
    route = arena_alloc(&request->arena, sizeof *route);
    *route = (struct route){.method = METHOD_OPTIONS,
                            .pattern = write->pattern,
                            .handle = allowed_handle,
                            .data = write->data,
                            .detail = path,
                            .flags = ROUTE_VISITOR};
    return route;
}
