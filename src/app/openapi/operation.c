/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/openapi/operation.h"

#include <stdio.h>

#include "app/openapi/about.h"
#include "app/openapi/response.h"
#include "app/openapi/schema.h"
#include "app/write/once.h"

enum { NAME_MAX_ = 128 };

struct str operation_path(const struct router_path *path)
{
    for (size_t i = 0; i < ROUTER_METHODS; i++)
        if (path->routes[i] != NULL)
            return path->routes[i]->pattern;
    return path->prefix;
}

/* --- Names --- */

/* "listProducts"; a route of another kind with the same handler says so. */
static void put_id(const struct route *route, const char *before, char text[static NAME_MAX_])
{
    const struct about *about = about_route(route);
    const struct resource *resource = about_resource(route);
    const char *verb = about->id != NULL ? about->id : "unknown";
    const char *kind = (route->flags & ROUTE_FEATURED) != 0 ? "Featured" : "";
    const char *patch = route->method == METHOD_PATCH ? "patch" : verb;

    if (resource == NULL || about->tag != NULL)
        snprintf(text, NAME_MAX_, "%s%s", before, verb);
    else
        snprintf(text, NAME_MAX_, "%s%s%s%.*s%s", before, patch, kind, (int)resource->title.len,
                 resource->title.ptr, (about->traits & ABOUT_PLURAL) != 0 ? "s" : "");
}

static json_t *summary(const struct route *route)
{
    const struct about *about = about_route(route);
    const struct resource *resource = about_resource(route);
    struct str noun = STR("");
    char text[NAME_MAX_];

    if (resource != NULL && about->tag == NULL)
        noun = (about->traits & ABOUT_PLURAL) != 0 ? resource->name : resource->singular;
    snprintf(text, sizeof text, "%s%s%s%.*s", about->summary, noun.len > 0 ? " " : "",
             (route->flags & ROUTE_FEATURED) != 0 ? "featured " : "", (int)noun.len, noun.ptr);
    return json_string(text);
}

/* --- Parameters --- */

static json_t *path_parameter(bool checked)
{
    json_t *schema = checked
                         ? json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9a-fA-F]{24}$")
                         : json_pack("{s:s}", "type", "string");

    return json_pack("{s:s, s:s, s:b, s:o, s:s}", "name", "id", "in", "path", "required", 1,
                     "schema", schema, "example", "65a0c0ffee0123456789abcd");
}

/* The featured ones are a list that has chosen already. */
static bool takes(const struct route *route, const struct query_param *param)
{
    return (route->flags & ROUTE_FEATURED) == 0 ||
           (param->op != PARAM_PICK && !str_eq(param->name, STR("featured")));
}

static void add_query(json_t *list, const struct route *route)
{
    const struct resource *resource = about_resource(route);

    if ((about_route(route)->traits & ABOUT_QUERY) == 0 || resource == NULL)
        return;
    for (size_t i = 0; i < resource->param_count; i++)
        if (takes(route, &resource->params[i]))
            json_array_append_new(list, schema_of_param(&resource->params[i], resource->fields,
                                                        resource->field_count));
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
        json_array_append_new(list, path_parameter(true));
    add_query(list, route);
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

static json_t *body_schema(const struct about *about, const struct resource *resource)
{
    json_t *one;

    if (about->body == ABOUT_CHANGE)
        return schema_ref("schemas", "Changed", resource->title);
    one = schema_ref("schemas", "New", resource->title);
    if ((about->traits & ABOUT_BULK) == 0)
        return one;
    return json_pack("{s:[o, {s:s, s:i, s:i, s:O}]}", "anyOf", one, "type", "array", "minItems", 1,
                     "maxItems", BULK_MAX, "items", one);
}

static json_t *request_body(const struct route *route)
{
    const struct about *about = about_route(route);
    json_t *schema = body_schema(about, about_resource(route));
    json_t *content = json_pack("{s:{s:O}}", "application/json", "schema", schema);

    if ((route->flags & ROUTE_MERGE) != 0)
        json_object_set_new(content, "application/merge-patch+json",
                            json_pack("{s:O}", "schema", schema));
    json_decref(schema);
    return json_pack("{s:b, s:o}", "required", 1, "content", content);
}

/* --- Links: from one answer to the next request --- */

static void add_link(json_t *links, const struct route *to, const char *id)
{
    char name[NAME_MAX_];

    put_id(to, "", name);
    json_object_set_new(links, name,
                        json_pack("{s:s, s:{s:s}}", "operationId", name, "parameters", "id", id));
}

/* Where the id of an item stands in this answer, or in its request; NULL: nowhere. */
static const char *item_id(const struct about *about)
{
    if (about->status == 201)
        return "$response.body#/data/_id";
    return about->body == ABOUT_CHANGE ? "$request.path.id" : NULL;
}

static void add_links(json_t *responses, const struct operation *operation)
{
    const struct about *about = about_route(operation->route);
    const struct resource *resource = about_resource(operation->route);
    const char *id = item_id(about);
    json_t *links = json_object();
    char key[8];

    for (size_t i = 0; id != NULL && resource != NULL && i < operation->router->count; i++) {
        const struct router_path *path = &operation->router->paths[i];
        for (size_t slot = 0; path->has_id && slot < ROUTER_METHODS; slot++)
            if (path->routes[slot] != NULL && about_resource(path->routes[slot]) == resource &&
                (about->status == 201 || path->routes[slot]->method == METHOD_GET))
                add_link(links, path->routes[slot], id);
    }
    snprintf(key, sizeof key, "%u", about->status);
    if (json_object_size(links) > 0)
        json_object_set(json_object_get(responses, key), "links", links);
    json_decref(links);
}

/* --- The whole --- */

static json_t *security(const struct operation *operation)
{
    const struct route *route = operation->route;
    json_t *list = json_array();

    if ((route->flags & (ROUTE_USER | ROUTE_PERSONAL)) != 0 ||
        ((route->flags & ROUTE_WRITE) != 0 && !operation->config->writes_open)) {
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
    char id[NAME_MAX_];

    put_id(route, operation->head ? "head_" : "", id);
    json_object_set_new(object, "operationId", json_string(id));
    json_object_set_new(object, "tags",
                        json_pack("[o]", about->tag != NULL ? json_string(about->tag)
                                         : resource != NULL ? schema_string(resource->name)
                                                            : json_string("other")));
    if (about->summary != NULL)
        json_object_set_new(object, "summary", summary(route));
    json_object_set_new(object, "parameters", parameters(operation));
    if (about->body != ABOUT_NO_BODY)
        json_object_set_new(object, "requestBody", request_body(route));
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
    char id[NAME_MAX_];

    if (path->has_id)
        json_array_append_new(parameters, path_parameter(false));
    snprintf(id, sizeof id, "options_%.*s", (int)pattern.len, pattern.ptr);
    return json_pack("{s:s, s:[s], s:s, s:o, s:{s:{s:s, s:o}, s:o}}", "operationId", id, "tags",
                     "description", "summary", "The methods of this path", "parameters", parameters,
                     "responses", "204", "description", "They stand in Allow", "headers",
                     response_header_refs((const char *const[]){"Allow", NULL}), "400",
                     schema_ref("responses", "BadRequest", STR("")));
}
