/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/openapi_operation.h"

#include <stdio.h>

#include "app/once.h"
#include "app/openapi_about.h"
#include "app/openapi_schema.h"

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

/* --- Responses --- */

static const struct {
    const char *name, *description, *type;
} headers[] = {
    {"X-Request-Id", "Names this request in the logs", "string"},
    {"Cache-Status", "Where the answer comes from (RFC 9211)", "string"},
    {"ETag", "Its version: strong for items, weak for lists", "string"},
    {"Link", "First, previous, next and last page (RFC 8288)", "string"},
    {"Location", "Path of what was made", "string"},
    {"Allow", "The methods of this path", "string"},
    {"Retry-After", "Seconds after which to try again", "integer"},
    {"WWW-Authenticate", "How to sign in: Bearer", "string"},
    {"Set-Cookie", "larder_session, or its end", "string"},
    {"Idempotent-Replayed", "true: this is the answer to an earlier request", "string"},
    {"RateLimit", "What this second has left", "string"},
    {"RateLimit-Policy", "How many requests a second", "string"},
};

json_t *operation_headers(void)
{
    json_t *all = json_object();

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        json_object_set_new(all, headers[i].name,
                            json_pack("{s:s, s:b, s:{s:s}}", "description", headers[i].description,
                                      "required", i == 0, "schema", "type", headers[i].type));
    return all;
}

static json_t *header_refs(const char *const *names)
{
    json_t *all = json_object();

    for (json_object_set_new(all, "X-Request-Id", schema_ref("headers", "X-Request-Id", STR("")));
         *names != NULL; names++)
        json_object_set_new(all, *names, schema_ref("headers", *names, STR("")));
    return all;
}

static const struct {
    unsigned status;
    const char *name, *description, *header;
} refusals[] = {
    {400, "BadRequest", "Something in the request is wrong; `errors` names it", NULL},
    {401, "Unauthorized", "Nobody is signed in", "WWW-Authenticate"},
    {403, "Forbidden", "Not with this role, or a change by cookie from a foreign page", NULL},
    {404, "NotFound", "There is no such thing, or it is somebody else's", NULL},
    {405, "MethodNotAllowed", "The path has other methods", "Allow"},
    {409, "Conflict", "There is one already, or another request is changing it", NULL},
    {412, "PreconditionFailed", "It is another version by now", NULL},
    {413, "TooLarge", "The body is larger than 64 KiB", NULL},
    {415, "UnsupportedMediaType", "The body is of another media type", NULL},
    {422, "Unprocessable", "The same Idempotency-Key came with another body", NULL},
    {429, "TooMany", "Too often: try again later", "Retry-After"},
    {503, "Unavailable", "The database is not to be had: try again", "Retry-After"},
};

json_t *operation_responses(void)
{
    json_t *all = json_object();

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const char *const names[] = {refusals[i].header, NULL};
        json_object_set_new(all, refusals[i].name,
                            json_pack("{s:s, s:o, s:{s:{s:o}}}", "description",
                                      refusals[i].description, "headers", header_refs(names),
                                      "content", "application/json", "schema",
                                      schema_ref("schemas", "Problem", STR(""))));
    }
    json_object_set_new(all, "NotModified",
                        json_pack("{s:s, s:o}", "description", "The client has this version",
                                  "headers", header_refs((const char *const[]){"ETag", NULL})));
    json_object_set_new(all, "Head",
                        json_pack("{s:s, s:o}", "description", "The headers that GET answers with",
                                  "headers", header_refs((const char *const[]){NULL})));
    return all;
}

static bool is_limited(const struct operation *operation)
{
    return operation->config->rate > 0 && str_starts(operation->route->pattern, STR("/api"));
}

static json_t *success_headers(const struct operation *operation)
{
    static const struct {
        unsigned trait;
        const char *name;
    } by[] = {{ABOUT_CACHED, "Cache-Status"},
              {ABOUT_TAGGED, "ETag"},
              {ABOUT_LINK, "Link"},
              {ABOUT_LOCATION, "Location"},
              {ABOUT_COOKIE, "Set-Cookie"}};
    const struct about *about = about_route(operation->route);
    const char *names[sizeof by / sizeof *by + 4];
    size_t count = 0;

    for (size_t i = 0; i < sizeof by / sizeof *by; i++)
        if ((about->traits & by[i].trait) != 0)
            names[count++] = by[i].name;
    if ((operation->route->flags & ROUTE_ONCE) != 0)
        names[count++] = "Idempotent-Replayed";
    if (is_limited(operation)) {
        names[count++] = "RateLimit";
        names[count++] = "RateLimit-Policy";
    }
    names[count] = NULL;
    return header_refs(names);
}

static json_t *content(const struct about *about, json_t *schema)
{
    return json_pack("{s:{s:o}}", about->type != NULL ? about->type : "application/json", "schema",
                     schema);
}

static json_t *result_schema(const struct route *route)
{
    const struct about *about = about_route(route);
    const struct resource *resource = about_resource(route);
    char name[NAME_MAX_];

    if (about->result == NULL)
        return schema_ref("schemas", "Done", STR(""));
    if (resource == NULL || about->tag != NULL)
        return schema_ref("schemas", about->result, STR(""));
    snprintf(name, sizeof name, "%.*s%s", (int)resource->title.len, resource->title.ptr,
             about->result);
    return schema_ref("schemas", name, STR(""));
}

static json_t *results_ref(const struct route *route)
{
    char name[NAME_MAX_];
    struct str title = about_resource(route)->title;

    snprintf(name, sizeof name, "%.*sResults", (int)title.len, title.ptr);
    return schema_ref("schemas", name, STR(""));
}

/* Of an array each has its own result: 201 when all are good, 400 when none is. */
static void add_bulk(json_t *responses, const struct operation *operation)
{
    const struct route *route = operation->route;
    const struct about *about = about_route(route);

    json_object_set_new(
        responses, "201",
        json_pack("{s:s, s:o, s:o}", "description", "Made; of an array, all of it", "headers",
                  success_headers(operation), "content",
                  content(about, json_pack("{s:[o, o]}", "anyOf", result_schema(route),
                                           results_ref(route)))));
    json_object_set_new(responses, "207",
                        json_pack("{s:s, s:o}", "description",
                                  "Of an array, some were made: `results` tells of each", "content",
                                  content(about, results_ref(route))));
    json_object_set_new(
        responses, "400",
        json_pack("{s:s, s:o}", "description",
                  "Something in the request is wrong, or all of an array", "content",
                  content(about, json_pack("{s:[o, o]}", "anyOf",
                                           schema_ref("schemas", "Problem", STR("")),
                                           results_ref(route)))));
}

static void add_refusal(json_t *responses, unsigned status)
{
    char key[8];

    snprintf(key, sizeof key, "%u", status);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (refusals[i].status == status)
            json_object_set_new(responses, key, schema_ref("responses", refusals[i].name, STR("")));
}

/* Whoever may be known can be forged; whoever must be can be nobody. */
static void add_access(json_t *responses, const struct operation *operation)
{
    const struct route *route = operation->route;
    bool write = (route->flags & ROUTE_WRITE) != 0 && !operation->config->writes_open;
    bool must = write || (route->flags & (ROUTE_USER | ROUTE_PERSONAL)) != 0;

    if (must)
        add_refusal(responses, 401);
    if (route->method != METHOD_GET &&
        (must || (route->flags & (ROUTE_WRITE | ROUTE_VISITOR)) != 0))
        add_refusal(responses, 403);
}

static void add_links(json_t *response, const struct operation *operation);

static json_t *responses(const struct operation *operation)
{
    const struct route *route = operation->route;
    const struct about *about = about_route(route);
    json_t *all = json_object(), *success;
    char key[8];

    snprintf(key, sizeof key, "%u", about->status);
    success = json_pack(
        "{s:s, s:o, s:o}", "description", about->status == 201 ? "Made" : "The answer", "headers",
        success_headers(operation), "content", content(about, result_schema(route)));
    json_object_set_new(all, key, success);
    if ((about->traits & ABOUT_TAGGED) != 0 && route->method == METHOD_GET)
        json_object_set_new(all, "304", schema_ref("responses", "NotModified", STR("")));
    add_refusal(all, 400);
    add_access(all, operation);
    if ((about->traits & ABOUT_MATCH) != 0)
        add_refusal(all, 412);
    if ((route->flags & ROUTE_JSON) != 0) {
        add_refusal(all, 413);
        add_refusal(all, 415);
    }
    if ((route->flags & ROUTE_ONCE) != 0) {
        add_refusal(all, 409);
        add_refusal(all, 422);
    }
    if (is_limited(operation))
        add_refusal(all, 429);
    for (size_t i = 0; i < ABOUT_STATUSES && about->statuses[i] != 0; i++)
        add_refusal(all, about->statuses[i]);
    if ((about->traits & ABOUT_BULK) != 0)
        add_bulk(all, operation);
    if ((about->traits & ABOUT_OWN_503) != 0)
        json_object_set_new(all, "503",
                            json_pack("{s:s, s:o}", "description", "Not at the moment", "content",
                                      content(about, result_schema(route))));
    add_links(json_object_get(all, key), operation);
    return all;
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

static void add_links(json_t *response, const struct operation *operation)
{
    const struct about *about = about_route(operation->route);
    const struct resource *resource = about_resource(operation->route);
    const char *id = item_id(about);
    json_t *links = json_object();

    for (size_t i = 0; id != NULL && resource != NULL && i < operation->router->count; i++) {
        const struct router_path *path = &operation->router->paths[i];
        for (size_t slot = 0; path->has_id && slot < ROUTER_METHODS; slot++)
            if (path->routes[slot] != NULL && about_resource(path->routes[slot]) == resource &&
                (about->status == 201 || path->routes[slot]->method == METHOD_GET))
                add_link(links, path->routes[slot], id);
    }
    if (json_object_size(links) > 0)
        json_object_set(response, "links", links);
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
    json_object_set_new(object, "responses", responses(operation));
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
                     header_refs((const char *const[]){"Allow", NULL}), "400",
                     schema_ref("responses", "BadRequest", STR("")));
}
