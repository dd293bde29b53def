/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/openapi/operation.h"

#include <stdio.h>

#include "app/openapi/about.h"
#include "app/openapi/openapi_response.h"
#include "app/openapi/openapi_schema.h"
#include "app/write/once.h"
#include "app/write/touched.h"

struct str operation_path(const struct router_path *path)
{
    for (size_t i = 0; i < ROUTER_METHODS; i++)
        if (path->routes[i] != NULL)
            return path->routes[i]->pattern;
    return path->prefix;
}

/* --- Words --- */

static json_t *summary(const struct route *route)
{
    const struct about *about = about_route(route);
    const struct resource *resource = about_resource(route);
    const struct named_list *list = route->detail;
    struct str noun;

    if (list != NULL && list->description.len > 0)
        return schema_string(list->description);
    if (resource == NULL || about->tag != NULL || (about->traits & ABOUT_SHARED) != 0)
        return json_string(about->summary);
    noun = (about->traits & ABOUT_PLURAL) != 0 ? resource->name : resource->singular;
    if (list != NULL)
        return json_sprintf("%s %.*s %.*s", about->summary, (int)list->name.len, list->name.ptr,
                            (int)noun.len, noun.ptr);
    return json_sprintf("%s %.*s", about->summary, (int)noun.len, noun.ptr);
}

/* --- Parameters --- */

static json_t *path_parameter(json_t *schema, json_t *example)
{
    return json_pack("{s:s, s:s, s:b, s:o, s:o}", "name", "id", "in", "path", "required", 1,
                     "schema", schema, "example", example);
}

static json_t *id_parameter(const struct route *route)
{
    const struct resource *resource = about_resource(route);
    enum id_type type = resource != NULL ? resource->id : ID_OBJECTID;

    return path_parameter(schema_of_id(type, true), schema_id_example(type));
}

/* A named list has chosen already. */
static bool takes(const struct route *route, size_t param)
{
    const struct resource *resource = about_resource(route);
    const struct named_list *list = route->detail;

    if (list == NULL)
        return true;
    for (size_t i = 0; i < list->param_count; i++)
        if (list->params[i].param == param)
            return false;
    return resource->params[param].op != PARAM_IDS;
}

static void add_query(json_t *list, const struct route *route)
{
    const struct resource *resource = about_resource(route);
    struct param_table table;

    if ((about_route(route)->traits & ABOUT_QUERY) == 0 || resource == NULL)
        return;
    table = about_params(route);
    for (size_t i = 0; i < table.count; i++)
        if (takes(route, i))
            json_array_append_new(list, schema_of_param(resource, &table.params[i]));
}

static json_t *watch_parameter(void)
{
    return json_pack("{s:s, s:s, s:b, s:s, s:{s:s, s:i, s:i, s:b, s:{s:s}}}", "name", "watch", "in",
                     "query", "required", 1, "description",
                     "A path with its query, whose answer is watched; may be repeated", "schema",
                     "type", "array", "minItems", 1, "maxItems", 50, "uniqueItems", 1, "items",
                     "type", "string");
}

static void add_header(json_t *list, const char *name, const char *description)
{
    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:{s:s}}", "name", name, "in", "header",
                                          "description", description, "schema", "type", "string"));
}

static json_t *parameters(const struct operation *operation)
{
    const struct route *route = operation->route;
    unsigned traits = about_route(route)->traits;
    json_t *list = json_array();

    if (operation->path->has_id)
        json_array_append_new(list, id_parameter(route));
    add_query(list, route);
    if ((traits & ABOUT_WATCH) != 0)
        json_array_append_new(list, watch_parameter());
    if ((traits & ABOUT_TAGGED) != 0 && route->method == METHOD_GET)
        add_header(list, "If-None-Match", "Entity tags that the client has: 304 if one holds");
    if ((traits & ABOUT_MATCH) != 0)
        add_header(list, "If-Match", "Only if it still is one of these versions: else 412");
    if ((route->flags & ROUTE_ONCE) != 0)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:{s:s, s:i, s:s}}", "name", "Idempotency-Key", "in",
                            "header", "description",
                            "Whatever is sent with this key within 24 hours is done once, and the "
                            "first answer given again",
                            "schema", "type", "string", "maxLength", ONCE_KEY_MAX, "pattern",
                            "^[!-~]([ -~]*[!-~])?$"));
    return list;
}

/* --- The body --- */

/* One of the three.  The values of `where` are those of the list's parameters.  A generator of
 * clients knows no enum of booleans, so that is a choice of one constant. */
static json_t *touch_schema(const struct resource *resource)
{
    json_t *filters = json_object();

    for (size_t i = 0; i < resource->param_count; i++) {
        const struct query_param *param = &resource->params[i];
        json_t *described = schema_of_param(resource, param);
        if (param_is_filter(param->op))
            json_object_setn(filters, param->name.ptr, param->name.len,
                             json_object_get(described, "schema"));
        json_decref(described);
    }
    return json_pack("{s:s, s:i, s:i, s:b, s:{s:{s:s, s:i, s:i, s:o}, s:{s:s, s:i, s:b, s:o}, "
                     "s:{s:[{s:b}]}}}",
                     "type", "object", "minProperties", 1, "maxProperties", 1,
                     "additionalProperties", 0, "properties", "ids", "type", "array", "minItems", 1,
                     "maxItems", TOUCHED_IDS_MAX, "items", schema_of_id(resource->id, true),
                     "where", "type", "object", "minProperties", 1, "additionalProperties", 0,
                     "properties", filters, "all", "anyOf", "const", 1);
}

static json_t *body_schema(const struct operation *operation)
{
    const struct about *about = about_route(operation->route);
    const struct resource *resource = about_resource(operation->route);
    struct str title = names_resource(operation->of->names, resource);
    json_t *one;

    if (about->body == ABOUT_TOUCH)
        return touch_schema(resource);
    if ((about->traits & ABOUT_SEVERAL) != 0)
        return json_pack("{s:s, s:i, s:i, s:o}", "type", "array", "minItems", 1, "maxItems",
                         BULK_MAX, "items", schema_ref("schemas", "ChangeOfOne", STR("")));
    if ((operation->route->flags & ROUTE_MERGE) != 0 && schema_merges(resource))
        return schema_ref("schemas", "Merged", title);
    if (about->body == ABOUT_CHANGE)
        return schema_ref("schemas", "Changed", title);
    one = schema_ref("schemas", "New", title);
    if ((about->traits & ABOUT_BULK) == 0)
        return one;
    return json_pack("{s:[o, {s:s, s:i, s:i, s:O}]}", "anyOf", one, "type", "array", "minItems", 1,
                     "maxItems", BULK_MAX, "items", one);
}

/* For several the second type is told in words: a generator of clients asks of which class a body
 * is to choose its type, and arrays have none. */
static json_t *request_body(const struct operation *operation)
{
    bool several = (about_route(operation->route)->traits & ABOUT_SEVERAL) != 0;
    json_t *schema = body_schema(operation);
    json_t *content = json_pack("{s:{s:O}}", "application/json", "schema", schema);
    json_t *body = json_pack("{s:b, s:o}", "required", 1, "content", content);

    if ((operation->route->flags & ROUTE_MERGE) != 0 && several)
        json_object_set_new(body, "description",
                            json_string("Also as `application/merge-patch+json`"));
    else if ((operation->route->flags & ROUTE_MERGE) != 0)
        json_object_set_new(content, "application/merge-patch+json",
                            json_pack("{s:O}", "schema", schema));
    json_decref(schema);
    return body;
}

/* --- Links: from one answer to the next request --- */

static void add_link(json_t *links, struct str name, const char *id)
{
    json_object_setn_new(
        links, name.ptr, name.len,
        json_pack("{s:o, s:{s:s}}", "operationId", schema_string(name), "parameters", "id", id));
}

/* Where this answer, or its request, has the id of an item; NULL: nowhere. */
static const char *item_id(const struct about *about)
{
    if (about->status == 201)
        return "$response.body#/data/_id";
    return about->body == ABOUT_CHANGE && (about->traits & ABOUT_SEVERAL) == 0 ? "$request.path.id"
                                                                               : NULL;
}

static void add_links(json_t *responses, const struct operation *operation)
{
    const struct about *about = about_route(operation->route);
    const struct resource *resource = about_resource(operation->route);
    const char *id = item_id(about);
    json_t *links = json_object();
    char key[8];

    for (size_t i = 0; id != NULL && resource != NULL && i < operation->of->router->count; i++) {
        const struct router_path *path = &operation->of->router->paths[i];
        for (size_t slot = 0; path->has_id && slot < ROUTER_METHODS; slot++)
            if (path->routes[slot] != NULL && about_resource(path->routes[slot]) == resource &&
                (about->status == 201 || path->routes[slot]->method == METHOD_GET))
                add_link(links, names_operation(operation->of->names, path, slot), id);
    }
    snprintf(key, sizeof key, "%u", about->status);
    if (json_object_size(links) > 0)
        json_object_set(json_object_get(responses, key), "links", links);
    json_decref(links);
}

/* --- The whole --- */

static json_t *security(const struct operation *operation)
{
    json_t *list = json_array();

    if (operation_needs_session(operation)) {
        json_array_append_new(list, json_pack("{s:[]}", "bearer"));
        json_array_append_new(list, json_pack("{s:[]}", "cookie"));
    }
    return list;
}

/* As GET, with its statuses and no content. */
static void make_head(json_t *object)
{
    json_t *bare = json_object(), *response;
    const char *status;

    json_object_foreach(json_object_get(object, "responses"), status, response)
        json_object_set_new(bare, status, schema_ref("responses", "Head", STR("")));
    json_object_set_new(object, "responses", bare);
}

json_t *operation_json(const struct operation *operation)
{
    const struct route *route = operation->route;
    const struct about *about = about_route(route);
    const struct resource *resource = about_resource(route);
    json_t *object = json_object();
    json_t *responses = responses_json(operation);
    struct str id = names_operation(operation->of->names, operation->path, operation->slot);

    json_object_set_new(
        object, "operationId",
        json_sprintf("%s%.*s", operation->head ? "head_" : "", (int)id.len, id.ptr));
    json_object_set_new(object, "tags",
                        json_pack("[o]", about->tag != NULL ? json_string(about->tag)
                                         : resource != NULL ? schema_string(resource->name)
                                                            : json_string("other")));
    if (about->summary != NULL)
        json_object_set_new(object, "summary", summary(route));
    json_object_set_new(object, "parameters", parameters(operation));
    if (about->body != ABOUT_NO_BODY)
        json_object_set_new(object, "requestBody", request_body(operation));
    add_links(responses, operation);
    json_object_set_new(object, "responses", responses);
    json_object_set_new(object, "security", security(operation));
    if (operation->head)
        make_head(object);
    return object;
}

json_t *operation_options(const struct router_path *path)
{
    json_t *parameters = json_array();
    struct str pattern = operation_path(path);

    if (path->has_id)
        json_array_append_new(parameters, path_parameter(json_pack("{s:s}", "type", "string"),
                                                         schema_id_example(ID_OBJECTID)));
    return json_pack("{s:o, s:[s], s:s, s:o, s:{s:{s:s, s:o}, s:o}}", "operationId",
                     json_sprintf("options_%.*s", (int)pattern.len, pattern.ptr), "tags",
                     "description", "summary", "The methods of this path", "parameters", parameters,
                     "responses", "204", "description", "Allow names them", "headers",
                     response_header_refs((const char *const[]){"Allow", NULL}), "400",
                     schema_ref("responses", "BadRequest", STR("")));
}
