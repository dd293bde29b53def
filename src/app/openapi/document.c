/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/openapi/document.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/openapi/about.h"
#include "app/openapi/operation.h"
#include "app/openapi/response.h"
#include "app/openapi/schema.h"
#include "app/people/session.h"
#include "app/people/users.h"
#include "base/idiom.h"

enum { RESOURCES_MAX = 16, NAME_SIZE = 128 };

static const char description[] =
    "Products and posts, answered from a cache that is never older than the newest write that was "
    "acknowledged.\n\n"
    "Every path answers HEAD like GET and tells its methods to OPTIONS; any other method is a 405 "
    "with `Allow`. Parameters that are unknown, given twice or out of range are a 400 that names "
    "them; `utm_*`, `fbclid`, `gclid` and `_` are dropped. Times are UTC with milliseconds. "
    "Answers of more than 1 KiB are sent compressed to those who accept gzip.\n\n"
    "`page` × `limit` reaches 10,000 documents; `after` walks on without a bound, and an insert "
    "meanwhile repeats and loses nothing: it takes the `next` of the page before, with the same "
    "filters and sort. `ids` goes with `fields` only.";

/* --- Schemas --- */

/* Answers that no table describes. */
static const char fixed[] =
    "{\"Problem\":{\"type\":\"object\",\"required\":[\"success\",\"message\",\"requestId\"],"
    "\"properties\":{\"success\":{\"const\":false},\"message\":{\"type\":\"string\"},"
    "\"errors\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/FieldError\"}},"
    "\"requestId\":{\"type\":\"string\"}},\"additionalProperties\":false},"
    "\"FieldError\":{\"type\":\"object\",\"required\":[\"field\",\"message\"],\"properties\":{"
    "\"field\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"}},"
    "\"additionalProperties\":false},"
    "\"Done\":{\"type\":\"object\",\"required\":[\"success\",\"message\"],\"properties\":{"
    "\"success\":{\"const\":true},\"message\":{\"type\":\"string\"}},"
    "\"additionalProperties\":false},"
    "\"SessionMade\":{\"type\":\"object\",\"required\":[\"success\",\"token\",\"expiresAt\","
    "\"user\"],\"properties\":{\"success\":{\"const\":true},\"token\":{\"type\":\"string\"},"
    "\"expiresAt\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"user\":{\"$ref\":\"#/components/schemas/User\"}},\"additionalProperties\":false},"
    "\"Session\":{\"type\":\"object\",\"required\":[\"success\",\"createdAt\",\"expiresAt\","
    "\"remember\",\"user\"],\"properties\":{\"success\":{\"const\":true},"
    "\"createdAt\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"expiresAt\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"remember\":{\"type\":\"boolean\"},\"user\":{\"$ref\":\"#/components/schemas/User\"}},"
    "\"additionalProperties\":false},"
    "\"Dashboard\":{\"type\":\"object\",\"required\":[\"success\",\"source\",\"data\"],"
    "\"properties\":{\"success\":{\"const\":true},\"source\":{\"enum\":[\"cache\",\"database\"]},"
    "\"data\":{\"type\":\"object\",\"required\":[\"user\",\"lastLoginAt\",\"counts\",\"recent\"],"
    "\"properties\":{\"user\":{\"$ref\":\"#/components/schemas/User\"},"
    "\"lastLoginAt\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"},"
    "\"counts\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}},"
    "\"recent\":{\"type\":\"object\",\"properties\":{"
    "\"products\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Product\"}},"
    "\"posts\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Post\"}}}}}}}},"
    "\"Stats\":{\"type\":\"object\",\"required\":[\"success\",\"data\"],\"properties\":{"
    "\"success\":{\"const\":true},\"data\":{\"type\":\"object\",\"required\":[\"_id\",\"views\"],"
    "\"properties\":{\"_id\":{\"type\":\"string\"},\"views\":{\"type\":[\"integer\",\"null\"],"
    "\"description\":\"null while Redis is away\"}}}}},"
    "\"Alive\":{\"type\":\"object\",\"required\":[\"status\"],\"properties\":{\"status\":{"
    "\"const\":\"alive\"}}},"
    "\"Ready\":{\"type\":\"object\",\"required\":[\"mongo\",\"redis\",\"status\"],\"properties\":{"
    "\"mongo\":{\"enum\":[\"up\",\"down\"]},\"redis\":{\"enum\":[\"up\",\"down\"]},"
    "\"status\":{\"enum\":[\"ready\",\"degraded\",\"down\"]}}},"
    "\"Any\":{\"type\":\"object\"},\"Text\":{\"type\":\"string\"}}";

static const char user_shown[] =
    "{\"loginCount\":{\"type\":\"integer\",\"minimum\":0},"
    "\"lastLoginAt\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}}";
static const char user_sent[] =
    "{\"currentPassword\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":1024,"
    "\"description\":\"To change email or password\"}}";
static const char user_proof[] =
    "{\"email\":[\"currentPassword\"],\"password\":[\"currentPassword\"]}";
static const char user_example[] = "[{\"name\":\"Ada L.\"}]";

static void add(json_t *schemas, const char *before, struct str title, const char *behind,
                json_t *schema)
{
    char name[NAME_SIZE];

    snprintf(name, sizeof name, "%s%.*s%s", before, (int)title.len, title.ptr, behind);
    json_object_set_new(schemas, name, schema);
}

/* {"success":true, …} with these properties, all of them there. */
static json_t *envelope(json_t *properties)
{
    json_t *required = json_array(), *value;
    const char *name;

    json_object_set_new(properties, "success", json_pack("{s:b}", "const", 1));
    json_object_foreach(properties, name, value) json_array_append_new(required, json_string(name));
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "required", required, "properties",
                     properties, "additionalProperties", 0);
}

static json_t *source(void)
{
    return json_pack("{s:[s, s]}", "enum", "cache", "database");
}

static json_t *count(int minimum)
{
    return json_pack("{s:s, s:i}", "type", "integer", "minimum", minimum);
}

static json_t *page_of(json_t *document)
{
    json_t *properties = json_pack("{s:o, s:{s:s, s:o}}", "source", source(), "data", "type",
                                   "array", "items", document);

    json_object_set_new(properties, "count", count(0));
    json_object_set_new(properties, "total", count(0));
    json_object_set_new(properties, "page",
                        json_pack("{s:[s, s], s:s}", "type", "integer", "null", "description",
                                  "null on a walk with after"));
    json_object_set_new(properties, "pages", count(0));
    json_object_set_new(properties, "limit", count(0));
    json_object_set_new(properties, "next",
                        json_pack("{s:[s, s], s:s}", "type", "string", "null", "description",
                                  "The after of the next page; null on the last one"));
    return envelope(properties);
}

/* Of an array that was sent: what became of each. */
static json_t *results_of(json_t *written)
{
    json_t *refused = json_loads("{\"type\":\"object\",\"required\":[\"success\",\"message\"],"
                                 "\"properties\":{\"success\":{\"const\":false},"
                                 "\"message\":{\"type\":\"string\"},\"errors\":{\"type\":\"array\","
                                 "\"items\":{\"$ref\":\"#/components/schemas/FieldError\"}}}}",
                                 0, NULL);
    json_t *schema = json_loads("{\"type\":\"object\",\"required\":[\"success\",\"count\","
                                "\"results\",\"requestId\"],\"properties\":{"
                                "\"success\":{\"type\":\"boolean\"},"
                                "\"message\":{\"type\":\"string\"},"
                                "\"count\":{\"type\":\"integer\",\"minimum\":0},"
                                "\"requestId\":{\"type\":\"string\"}},"
                                "\"additionalProperties\":false}",
                                0, NULL);

    json_object_set_new(
        json_object_get(schema, "properties"), "results",
        json_pack("{s:s, s:{s:[o, o]}}", "type", "array", "items", "anyOf", written, refused));
    return schema;
}

static json_t *of(const struct resource *resource, enum schema_use use)
{
    return schema_of_fields(resource->fields, resource->field_count, use);
}

static void add_resource(json_t *schemas, const struct resource *resource)
{
    struct str title = resource->title;
    bool parts = false;

    for (size_t i = 0; i < resource->param_count; i++)
        parts = parts || resource->params[i].op == PARAM_SHOW;
    add(schemas, "", title, "", of(resource, SCHEMA_SHOWN));
    add(schemas, "New", title, "", of(resource, SCHEMA_CREATE));
    add(schemas, "Changed", title, "", of(resource, SCHEMA_CHANGE));
    if (parts)
        add(schemas, "PartOf", title, "", of(resource, SCHEMA_PART));
    if (resource->param_count > 0) {
        add(schemas, "", title, "Page",
            page_of(schema_ref("schemas", parts ? "PartOf" : "", title)));
        add(schemas, "", title, "Results",
            results_of(envelope(json_pack("{s:o}", "data", schema_ref("schemas", "", title)))));
    }
    add(schemas, "", title, "Answer",
        envelope(
            json_pack("{s:o, s:o}", "source", source(), "data", schema_ref("schemas", "", title))));
    add(schemas, "", title, "Written",
        envelope(json_pack("{s:o}", "data", schema_ref("schemas", "", title))));
}

static void add_properties(json_t *schemas, const char *name, const char *text, bool required)
{
    json_t *schema = json_object_get(schemas, name), *more = json_loads(text, 0, NULL), *value;
    const char *key;

    json_object_update(json_object_get(schema, "properties"), more);
    json_object_foreach(more, key, value) if (required)
        json_array_append_new(json_object_get(schema, "required"), json_string(key));
    json_decref(more);
}

/* Each resource that a route is about, once. */
static size_t find_resources(const struct router *router,
                             const struct resource *found[static RESOURCES_MAX])
{
    size_t known = 0, j;

    for (size_t i = 0; i < router->count * ROUTER_METHODS; i++) {
        const struct route *route = router->paths[i / ROUTER_METHODS].routes[i % ROUTER_METHODS];
        const struct resource *resource = route != NULL ? about_resource(route) : NULL;
        for (j = 0; j < known && found[j] != resource;)
            j++;
        if (resource != NULL && j == known && known < RESOURCES_MAX)
            found[known++] = resource;
    }
    return known;
}

static json_t *schemas(const struct router *router)
{
    const struct resource *found[RESOURCES_MAX];
    size_t known = find_resources(router, found);
    json_t *all = json_loads(fixed, 0, NULL), *changed;

    for (size_t i = 0; i < known; i++) {
        if (found[i] == &signin_form)
            add(all, "New", found[i]->title, "", of(found[i], SCHEMA_CREATE));
        else
            add_resource(all, found[i]);
        if (found[i] == &users) {
            add_properties(all, "User", user_shown, true);
            add_properties(all, "ChangedUser", user_sent, false);
            changed = json_object_get(all, "ChangedUser");
            json_object_set_new(changed, "dependentRequired", json_loads(user_proof, 0, NULL));
            json_object_set_new(changed, "examples", json_loads(user_example, 0, NULL));
        }
    }
    return all;
}

/* --- Paths --- */

static int by_path(const void *a, const void *b)
{
    return str_cmp(operation_path(*(const struct router_path *const *)a),
                   operation_path(*(const struct router_path *const *)b));
}

static json_t *path_item(const struct router *router, const struct router_path *path,
                         const struct app_config *config)
{
    static const char *const names[ROUTER_METHODS] = {"get", "post", "put", "patch", "delete"};
    json_t *item = json_object();

    for (size_t i = 0; i < ROUTER_METHODS; i++) {
        struct operation operation = {router, path, path->routes[i], config, false};
        if (path->routes[i] == NULL)
            continue;
        json_object_set_new(item, names[i], operation_json(&operation));
        operation.head = true;
        if (path->routes[i]->method == METHOD_GET)
            json_object_set_new(item, "head", operation_json(&operation));
    }
    json_object_set_new(item, "options", operation_options(path));
    return item;
}

static json_t *paths(const struct router *router, const struct app_config *config)
{
    const struct router_path *sorted[ROUTER_PATHS_MAX];
    json_t *all = json_object();

    for (size_t i = 0; i < router->count; i++)
        sorted[i] = &router->paths[i];
    qsort(sorted, router->count, sizeof sorted[0], by_path);
    for (size_t i = 0; i < router->count; i++) {
        struct str pattern = operation_path(sorted[i]);
        json_object_setn_new(all, pattern.ptr, pattern.len, path_item(router, sorted[i], config));
    }
    return all;
}

/* In the order in which they are read. */
static json_t *tags(void)
{
    static const char *const names[] = {"products", "posts",      "users",
                                        "sessions", "operations", "description"};
    json_t *list = json_array();

    for (size_t i = 0; i < COUNT(names); i++)
        json_array_append_new(list, json_pack("{s:s}", "name", names[i]));
    return list;
}

json_t *openapi_document(const struct router *router, const struct app_config *config)
{
    json_t *security =
        json_pack("{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}}", "bearer", "type", "http", "scheme",
                  "bearer", "description", "The token of POST /api/sessions", "cookie", "type",
                  "apiKey", "in", "cookie", "name", "larder_session", "description",
                  "Set by POST /api/sessions; a change needs an Origin of ours too");
    json_t *components =
        json_pack("{s:o, s:o, s:o, s:o}", "schemas", schemas(router), "responses",
                  response_refusals(), "headers", response_headers(), "securitySchemes", security);
    json_t *info = json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "title", "Larder", "version",
                             PACKAGE_VERSION, "description", description, "license", "name",
                             "BSD 2-Clause", "identifier", "BSD-2-Clause");

    return json_pack("{s:s, s:o, s:[{s:s}], s:o, s:o, s:o}", "openapi", "3.1.1", "info", info,
                     "servers", "url", "/", "tags", tags(), "paths", paths(router, config),
                     "components", components);
}
