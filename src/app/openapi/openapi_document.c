/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/openapi/openapi_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_state.h"
#include "app/handlers.h"
#include "app/openapi/fixed.h"
#include "app/openapi/names.h"
#include "app/openapi/openapi_response.h"
#include "app/openapi/openapi_schema.h"
#include "app/openapi/operation.h"
#include "app/people/session.h"
#include "app/people/users.h"
#include "base/idiom.h"
#include "base/mem.h"

enum { NAME_SIZE = 160 };

static const char description[] =
    "Documents of MongoDB, answered from a cache that is never older than the newest write that "
    "was acknowledged.\n\n"
    "Every path answers HEAD like GET and tells its methods to OPTIONS; any other method is a 405 "
    "with `Allow`. Parameters that are unknown, out of range or given twice are a 400 that names "
    "them; those that are arrays may be given with commas between the values or be repeated. "
    "`utm_*`, `fbclid`, `gclid` and `_` are dropped. Times are UTC with milliseconds. "
    "Answers of more than 1 KiB are sent compressed to those who accept gzip.\n\n"
    "`page` × `limit` reaches 10,000 documents; `after` walks on without a bound, and an insert "
    "meanwhile repeats and loses nothing: it takes the `next` of the page before, with the same "
    "filters and sort. `ids` goes with `fields` only.";

/* --- Schemas --- */

static void document_add(json_t *schemas, const char *before, struct str title, const char *behind,
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
    json_t *schema = fixed_results();

    json_object_set_new(json_object_get(schema, "properties"), "results",
                        json_pack("{s:s, s:{s:[o, o]}}", "type", "array", "items", "anyOf", written,
                                  fixed_refused()));
    return schema;
}

/* What answers about one document look like. */
static void add_answers(json_t *schemas, struct str title)
{
    document_add(schemas, "", title, "Answer",
                 envelope(json_pack("{s:o, s:o}", "source", source(), "data",
                                    schema_ref("schemas", "", title))));
    document_add(schemas, "", title, "Written",
                 envelope(json_pack("{s:o}", "data", schema_ref("schemas", "", title))));
}

static void add_resource(json_t *schemas, const struct resource *resource, struct str title)
{
    document_add(schemas, "", title, "", schema_of_document(resource, SCHEMA_SHOWN));
    document_add(schemas, "New", title, "", schema_of_document(resource, SCHEMA_CREATE));
    document_add(schemas, "Changed", title, "", schema_of_document(resource, SCHEMA_CHANGE));
    if (schema_merges(resource))
        document_add(schemas, "Merged", title, "", schema_of_document(resource, SCHEMA_MERGE));
    document_add(schemas, "PartOf", title, "", schema_of_document(resource, SCHEMA_PART));
    document_add(schemas, "", title, "Page", page_of(schema_ref("schemas", "PartOf", title)));
    document_add(
        schemas, "", title, "Results",
        results_of(envelope(json_pack("{s:o}", "data", schema_ref("schemas", "", title)))));
    add_answers(schemas, title);
}

/* --- Those of people --- */

static void remove_text(json_t *list, const char *text)
{
    for (size_t i = json_array_size(list); i-- > 0;)
        if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
            json_array_remove(list, i);
}

/* Only a disabled account has the field. */
static bool is_always_shown(const char *name)
{
    return strcmp(name, "_id") != 0 && strcmp(name, "disabled") != 0;
}

/* The form without the password, and what the server adds. */
static json_t *user_shown(const struct resource *users_form)
{
    json_t *schema = schema_of_document(users_form, SCHEMA_SHOWN), *more = fixed_user_shown();
    json_t *required = json_object_get(schema, "required"), *value;
    const char *name;

    json_object_del(json_object_get(schema, "properties"), "password");
    remove_text(required, "password");
    json_object_update(json_object_get(schema, "properties"), more);
    json_object_foreach(more, name, value) if (is_always_shown(name))
        json_array_append_new(required, json_string(name));
    json_decref(more);
    return schema;
}

static json_t *user_changed(const struct resource *users_form)
{
    json_t *schema = schema_of_document(users_form, SCHEMA_CHANGE), *more = fixed_user_sent();

    json_object_update(json_object_get(schema, "properties"), more);
    json_object_set_new(schema, "dependentRequired", fixed_user_dependent());
    json_object_set_new(schema, "examples", fixed_user_examples());
    json_decref(more);
    return schema;
}

static void add_people(json_t *schemas)
{
    const struct resource *form = users_resource(), *rights = rights_form();

    document_add(schemas, "", form->title, "", user_shown(form));
    document_add(schemas, "New", form->title, "", schema_of_document(form, SCHEMA_CREATE));
    document_add(schemas, "Changed", form->title, "", user_changed(form));
    add_answers(schemas, form->title);
    document_add(schemas, "Changed", rights->title, "", schema_of_document(rights, SCHEMA_CHANGE));
    document_add(schemas, "New", signin_form()->title, "",
                 schema_of_document(signin_form(), SCHEMA_CREATE));
    document_add(schemas, "New", purge_form()->title, "",
                 schema_of_document(purge_form(), SCHEMA_CREATE));
}

/* What the dashboard shows of each resource whose documents have an owner. */
static void add_recent(json_t *schemas, const struct schema *schema, const struct names *names)
{
    json_t *data = json_object_get(
        json_object_get(json_object_get(schemas, "Dashboard"), "properties"), "data");
    json_t *recent = json_object_get(json_object_get(data, "properties"), "recent");
    json_t *properties = json_object_get(recent, "properties");

    for (size_t i = 0; i < schema_count(schema); i++) {
        const struct resource *resource = schema_resource(schema, i);
        struct str title = names_resource(names, resource);
        if (resource->kept.owner.len > 0)
            json_object_setn_new(properties, resource->name.ptr, resource->name.len,
                                 json_pack("{s:s, s:o}", "type", "array", "items",
                                           schema_ref("schemas", "", title)));
    }
}

static json_t *schemas(const struct schema *schema, const struct names *names)
{
    json_t *all = fixed_schemas();

    add_recent(all, schema, names);
    for (size_t i = 0; i < schema_count(schema); i++) {
        const struct resource *resource = schema_resource(schema, i);
        add_resource(all, resource, names_resource(names, resource));
    }
    add_people(all);
    return all;
}

/* --- Paths --- */

static int by_path(const void *a, const void *b)
{
    return str_cmp(operation_path(*(const struct router_path *const *)a),
                   operation_path(*(const struct router_path *const *)b));
}

static json_t *path_item(const struct describing *describing, const struct router_path *path)
{
    static const char *const methods[ROUTER_METHODS] = {"get", "post", "put", "patch", "delete"};
    json_t *item = json_object();

    for (size_t i = 0; i < ROUTER_METHODS; i++) {
        struct operation operation = {describing, path, path->routes[i], i, false};
        if (path->routes[i] == NULL)
            continue;
        json_object_set_new(item, methods[i], operation_json(&operation));
        operation.head = true;
        if (path->routes[i]->method == METHOD_GET)
            json_object_set_new(item, "head", operation_json(&operation));
    }
    json_object_set_new(item, "options", operation_options(path));
    return item;
}

static json_t *paths(const struct describing *describing)
{
    const struct router *router = describing->router;
    const struct router_path **sorted = mem_array(router->count + 1, sizeof *sorted);
    json_t *all = json_object();

    for (size_t i = 0; i < router->count; i++)
        sorted[i] = &router->paths[i];
    qsort(sorted, router->count, sizeof *sorted, by_path);
    for (size_t i = 0; i < router->count; i++) {
        struct str pattern = operation_path(sorted[i]);
        json_object_setn_new(all, pattern.ptr, pattern.len, path_item(describing, sorted[i]));
    }
    free(sorted);
    return all;
}

/* In the order in which they are read. */
static json_t *tags(const struct schema *schema)
{
    static const char *const names[] = {"users", "sessions", "live", "operations", "description"};
    json_t *list = json_array();

    for (size_t i = 0; i < schema_count(schema); i++) {
        const struct resource *resource = schema_resource(schema, i);
        json_t *tag = json_pack("{s:o}", "name", schema_string(resource->name));
        if (resource->description.len > 0)
            json_object_set_new(tag, "description", schema_string(resource->description));
        json_array_append_new(list, tag);
    }
    for (size_t i = 0; i < COUNT(names); i++)
        json_array_append_new(list, json_pack("{s:s}", "name", names[i]));
    return list;
}

json_t *openapi_document(const struct router *router, const struct schema *schema,
                         const struct app_config *config)
{
    struct names *names = names_new(router, schema);
    const struct describing describing = {router, schema, config, names};
    json_t *security =
        json_pack("{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}}", "bearer", "type", "http", "scheme",
                  "bearer", "description", "The token of POST /api/sessions", "cookie", "type",
                  "apiKey", "in", "cookie", "name", "larder_session", "description",
                  "Set by POST /api/sessions; a change needs an Origin of ours too");
    json_t *components =
        json_pack("{s:o, s:o, s:o, s:o}", "schemas", schemas(schema, names), "responses",
                  response_refusals(), "headers", response_headers(), "securitySchemes", security);
    json_t *info = json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "title", "Larder", "version",
                             PACKAGE_VERSION, "description", description, "license", "name",
                             "BSD 2-Clause", "identifier", "BSD-2-Clause");
    json_t *document = json_pack("{s:s, s:o, s:[{s:s}], s:o, s:o, s:o}", "openapi", "3.1.1", "info",
                                 info, "servers", "url", "/", "tags", tags(schema), "paths",
                                 paths(&describing), "components", components);

    names_free(names);
    return document;
}
