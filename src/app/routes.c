/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/routes.h"

#include <string.h>

#include "app/handlers.h"
#include "app/openapi/openapi.h"
#include "app/people/people.h"
#include "app/rights.h"
#include "base/idiom.h"
#include "base/mem.h"

enum { RESOURCE_ROUTES = 13 }; /* besides its lists */

static size_t put_resource(const struct resource *resource, struct str path, struct str item,
                           struct route *to)
{
    const struct route routes[] = {
        {METHOD_GET, path, list_handle, resource, NULL,
         ROUTE_LIVE | rights_read_flags(resource->read)},
        {METHOD_GET, resource->facets_path, facets_handle, resource, NULL,
         ROUTE_LIVE | rights_read_flags(resource->read)},
        {METHOD_GET, resource->export_path, export_handle, resource, NULL,
         rights_read_flags(resource->read)},
        {METHOD_POST, path, create_handle, resource, NULL,
         rights_write_flags(resource->create) | ROUTE_JSON | ROUTE_ONCE},
        {METHOD_PATCH, path, patch_several_handle, resource, NULL,
         rights_write_flags(resource->update) | ROUTE_JSON | ROUTE_MERGE | ROUTE_ONCE},
        {METHOD_DELETE, path, remove_several_handle, resource, NULL,
         rights_write_flags(resource->remove) | ROUTE_ONCE},
        {METHOD_GET, item, item_handle, resource, NULL,
         ROUTE_LIVE | rights_read_flags(resource->read)},
        {METHOD_PUT, item, update_handle, resource, NULL,
         rights_write_flags(resource->update) | ROUTE_JSON},
        {METHOD_PATCH, item, update_handle, resource, NULL,
         rights_write_flags(resource->update) | ROUTE_JSON | ROUTE_MERGE},
        {METHOD_DELETE, item, remove_handle, resource, NULL, rights_write_flags(resource->remove)},
    };

    memcpy(to, routes, sizeof routes);
    return COUNT(routes);
}

static size_t put_touch(const struct resource *resource, struct route *to)
{
    *to = (struct route){METHOD_POST,  resource->touch_path,
                         touch_handle, resource,
                         NULL,         ROUTE_WRITE | ROUTE_USER | ROUTE_EDITOR | ROUTE_JSON};
    return 1;
}

static size_t put_views(const struct resource *resource, struct route *to)
{
    to[0] = (struct route){METHOD_GET, resource->popular_path,           popular_handle, resource,
                           NULL,       rights_read_flags(resource->read)};
    to[1] = (struct route){METHOD_GET,   resource->stats_path,
                           stats_handle, resource,
                           NULL,         rights_read_flags(resource->read)};
    return 2;
}

static size_t put_lists(const struct resource *resource, struct route *to)
{
    for (size_t i = 0; i < resource->list_count; i++)
        to[i] = (struct route){METHOD_GET,          resource->lists[i].path,
                               list_handle,         resource,
                               &resource->lists[i], ROUTE_LIVE | rights_read_flags(resource->read)};
    return resource->list_count;
}

static const struct route own_routes[] = {
    {METHOD_POST, STR_INIT("/api/users"), user_create_handle, NULL, NULL,
     ROUTE_VISITOR | ROUTE_JSON | ROUTE_ONCE | ROUTE_SMALL},
    {METHOD_GET, STR_INIT("/api/users"), users_handle, NULL, NULL, ROUTE_USER},
    {METHOD_GET, STR_INIT("/api/users/{id}"), user_handle, NULL, NULL, ROUTE_USER},
    {METHOD_PATCH, STR_INIT("/api/users/{id}"), user_rights_handle, NULL, NULL,
     ROUTE_USER | ROUTE_JSON | ROUTE_MERGE | ROUTE_SMALL},
    {METHOD_DELETE, STR_INIT("/api/users/{id}"), user_remove_handle, NULL, NULL,
     ROUTE_USER | ROUTE_SMALL},
    {METHOD_PUT, STR_INIT("/api/users/{id}"), user_update_handle, NULL, NULL,
     ROUTE_USER | ROUTE_JSON | ROUTE_SMALL},
    /* Not ROUTE_ONCE, which keeps the answer: a token is kept nowhere but as its hash. */
    {METHOD_POST, STR_INIT("/api/sessions"), session_create_handle, NULL, NULL,
     ROUTE_VISITOR | ROUTE_JSON | ROUTE_SMALL},
    {METHOD_GET, STR_INIT("/api/me/dashboard"), dashboard_handle, NULL, NULL,
     ROUTE_USER | ROUTE_PRIVATE | ROUTE_PERSONAL | ROUTE_LIVE},
    {METHOD_GET, STR_INIT("/api/live"), live_handle, NULL, NULL, ROUTE_VISITOR},
    {METHOD_DELETE, STR_INIT("/api/sessions"), sessions_remove_handle, NULL, NULL, ROUTE_USER},
    {METHOD_GET, STR_INIT("/api/sessions/current"), session_current_handle, NULL, NULL, ROUTE_USER},
    {METHOD_DELETE, STR_INIT("/api/sessions/current"), session_remove_handle, NULL, NULL,
     ROUTE_USER},
    {METHOD_GET, STR_INIT("/api/openapi.json"), openapi_handle, NULL, NULL, 0},
    {METHOD_GET, STR_INIT("/api/docs"), docs_handle, NULL, NULL, 0},
    {METHOD_GET, STR_INIT("/api/resource.schema.json"), files_schema_handle, NULL, NULL, 0},
    {METHOD_GET, STR_INIT("/"), home_handle, NULL, NULL, 0},
    {METHOD_GET, STR_INIT("/api/admin/status"), status_handle, NULL, NULL,
     ROUTE_USER | ROUTE_ADMIN},
    {METHOD_POST, STR_INIT("/api/admin/purge"), purge_handle, NULL, NULL,
     ROUTE_USER | ROUTE_ADMIN | ROUTE_JSON | ROUTE_SMALL},
    {METHOD_GET, STR_INIT("/healthz"), healthz_handle, NULL, NULL, ROUTE_OPERATOR},
    {METHOD_GET, STR_INIT("/readyz"), readyz_handle, NULL, NULL, ROUTE_OPERATOR},
    {METHOD_GET, STR_INIT("/metrics"), metrics_handle, NULL, NULL, ROUTE_OPERATOR},
};

void app_routes(struct router *router, const struct schema *schema, struct route **routes)
{
    size_t count = schema_count(schema), most = 0, at = 0;

    for (size_t i = 0; i < count; i++)
        most += RESOURCE_ROUTES + schema_resource(schema, i)->list_count;
    *routes = mem_array(most + 1, sizeof **routes);
    for (size_t i = 0; i < count; i++) {
        const struct resource *resource = schema_resource(schema, i);
        at += put_resource(resource, resource->path, resource->item_path, *routes + at);
        at += put_touch(resource, *routes + at);
        if (resource->views)
            at += put_views(resource, *routes + at);
        at += put_lists(resource, *routes + at);
    }
    router_add(router, *routes, at);
    router_add(router, own_routes, COUNT(own_routes));
}
