/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/openapi/openapi_response.h"

#include <stdio.h>

#include "app/openapi/about.h"
#include "app/openapi/openapi_schema.h"
#include "base/idiom.h"

enum { NAME_MAX_ = 128 };

static const struct {
    const char *name, *description, *type;
} headers[] = {
    {"X-Request-Id", "Names this request in the logs", "string"},
    {"Cache-Status", "Where the answer comes from (RFC 9211)", "string"},
    {"ETag",
     "Of items strong, of the whole document as it is shown, also when another program changed it; "
     "of lists weak",
     "string"},
    {"Link", "First, previous, next and last page (RFC 8288)", "string"},
    {"X-Total-Count", "How many there are in all", "integer"},
    {"Location", "Path of what was made", "string"},
    {"Allow", "The methods of this path", "string"},
    {"Retry-After", "Seconds after which to try again", "integer"},
    {"WWW-Authenticate", "How to sign in: Bearer", "string"},
    {"Set-Cookie", "larder_session, or its end", "string"},
    {"Idempotent-Replayed", "true: this is the answer to an earlier request", "string"},
    {"RateLimit", "What this second has left", "string"},
    {"RateLimit-Policy", "How many requests a second", "string"},
};

json_t *response_headers(void)
{
    json_t *all = json_object();

    for (size_t i = 0; i < COUNT(headers); i++)
        json_object_set_new(all, headers[i].name,
                            json_pack("{s:s, s:b, s:{s:s}}", "description", headers[i].description,
                                      "required", i == 0, "schema", "type", headers[i].type));
    return all;
}

json_t *response_header_refs(const char *const *names)
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
    {404, "NotFound", "It does not exist, or belongs to another account", NULL},
    {405, "MethodNotAllowed", "The path has other methods", "Allow"},
    {406, "NotAcceptable", "It is not there in a media type of Accept", NULL},
    {409, "Conflict", "There is one already, or another request is changing it", NULL},
    {410, "Gone", "What this Idempotency-Key has made is not there any more", NULL},
    {412, "PreconditionFailed", "The item has changed since that version", NULL},
    {413, "TooLarge", "The body is larger than 64 KiB", NULL},
    {414, "AddressTooLong", "Path and query are longer than 8 KiB", NULL},
    {415, "UnsupportedMediaType", "The body is of another media type", NULL},
    {422, "Unprocessable", "The same Idempotency-Key came with another body", NULL},
    {429, "TooMany", "Too often: try again later", "Retry-After"},
    {431, "HeaderTooLarge", "A header is longer than 8 KiB, or all are than 24", NULL},
    {503, "Unavailable", "The database is unavailable: try again", "Retry-After"},
};

json_t *response_refusals(void)
{
    json_t *all = json_object();

    for (size_t i = 0; i < COUNT(refusals); i++) {
        const char *const names[] = {refusals[i].header, NULL};
        json_object_set_new(all, refusals[i].name,
                            json_pack("{s:s, s:o, s:{s:{s:o}}}", "description",
                                      refusals[i].description, "headers",
                                      response_header_refs(names), "content", "application/json",
                                      "schema", schema_ref("schemas", "Problem", STR(""))));
    }
    json_object_set_new(all, "NotModified",
                        json_pack("{s:s, s:o}", "description", "The client has this version",
                                  "headers",
                                  response_header_refs((const char *const[]){"ETag", NULL})));
    json_object_set_new(all, "Head",
                        json_pack("{s:s, s:o}", "description", "The headers that GET answers with",
                                  "headers", response_header_refs((const char *const[]){NULL})));
    return all;
}

static bool is_limited(const struct operation *operation)
{
    return operation->of->config->rate > 0 && str_starts(operation->route->pattern, STR("/api"));
}

static json_t *success_headers(const struct operation *operation)
{
    static const struct {
        unsigned trait;
        const char *name;
    } by[] = {{ABOUT_CACHED, "Cache-Status"}, {ABOUT_TAGGED, "ETag"},
              {ABOUT_LINK, "Link"},           {ABOUT_TOTAL, "X-Total-Count"},
              {ABOUT_LOCATION, "Location"},   {ABOUT_COOKIE, "Set-Cookie"}};
    const struct about *about = about_route(operation->route);
    const char *names[COUNT(by) + 4];
    size_t count = 0;

    for (size_t i = 0; i < COUNT(by); i++)
        if ((about->traits & by[i].trait) != 0)
            names[count++] = by[i].name;
    if ((operation->route->flags & ROUTE_ONCE) != 0)
        names[count++] = "Idempotent-Replayed";
    if (is_limited(operation)) {
        names[count++] = "RateLimit";
        names[count++] = "RateLimit-Policy";
    }
    names[count] = NULL;
    return response_header_refs(names);
}

static json_t *content(const struct about *about, json_t *schema)
{
    json_t *all = json_pack("{s:{s:O}}", about->type != NULL ? about->type : "application/json",
                            "schema", schema);

    if (about->or_type != NULL)
        json_object_set_new(all, about->or_type, json_pack("{s:O}", "schema", schema));
    json_decref(schema);
    return all;
}

/* Where the answer can be watched, words say so: as content of this status it would be a type that
 * each generated client has to distinguish from the answer's. */
static const char *success_words(const struct operation *operation)
{
    if (about_route(operation->route)->status == 201)
        return "Made";
    return (operation->route->flags & ROUTE_LIVE) != 0 && operation->of->config->streams > 0
               ? "The answer; with `Accept: text/event-stream`, events as of `/api/live`"
               : "The answer";
}

/* A schema of the resource that the operation is about. */
static json_t *own_ref(const struct operation *operation, const char *what)
{
    struct str title = names_resource(operation->of->names, about_resource(operation->route));
    char name[NAME_MAX_];

    snprintf(name, sizeof name, "%.*s%s", (int)title.len, title.ptr, what);
    return schema_ref("schemas", name, STR(""));
}

static json_t *result_schema(const struct operation *operation)
{
    const struct about *about = about_route(operation->route);

    if (about->result == NULL)
        return schema_ref("schemas", "Done", STR(""));
    if ((about->traits & ABOUT_SEVERAL) != 0)
        return schema_ref("schemas", about->result, STR(""));
    if (about_resource(operation->route) == NULL || about->tag != NULL ||
        (about->traits & ABOUT_SHARED) != 0)
        return schema_ref("schemas", about->result, STR(""));
    return own_ref(operation, about->result);
}

/* Of some of several: 207 when some went well, 400 when none did.  results: the schema of all. */
static void add_outcomes(json_t *responses, const struct about *about, const char *partly,
                         const char *none, json_t *results)
{
    json_object_set_new(responses, "207",
                        json_pack("{s:s, s:o}", "description", partly, "content",
                                  content(about, json_incref(results))));
    json_object_set_new(
        responses, "400",
        json_pack("{s:s, s:o}", "description", none, "content",
                  content(about, json_pack("{s:[o, o]}", "anyOf",
                                           schema_ref("schemas", "Problem", STR("")), results))));
}

/* Of an array each has its own result: 201 when all are good, 400 when none is. */
static void add_bulk(json_t *responses, const struct operation *operation)
{
    const struct about *about = about_route(operation->route);

    json_object_set_new(
        responses, "201",
        json_pack("{s:s, s:o, s:o}", "description", "Made; of an array, all of it", "headers",
                  success_headers(operation), "content",
                  content(about, json_pack("{s:[o, o]}", "anyOf", result_schema(operation),
                                           own_ref(operation, "Results")))));
    add_outcomes(responses, about, "Of an array, some were made: `results` tells of each",
                 "Something in the request is wrong, or all of an array",
                 own_ref(operation, "Results"));
}

static void add_several(json_t *responses, const struct operation *operation)
{
    add_outcomes(responses, about_route(operation->route),
                 "Some went well: `results` tells of each",
                 "Something in the request is wrong, or none went well", result_schema(operation));
}

static void add_refusal(json_t *responses, unsigned status)
{
    char key[8];

    snprintf(key, sizeof key, "%u", status);
    for (size_t i = 0; i < COUNT(refusals); i++)
        if (refusals[i].status == status)
            json_object_set_new(responses, key, schema_ref("responses", refusals[i].name, STR("")));
}

/* Who may be known can be forged; a visitor may be signed out, or have too low a role. */
static void add_access(json_t *responses, const struct operation *operation)
{
    unsigned flags = operation->route->flags;
    bool must = operation_needs_session(operation);
    bool changes = operation->route->method != METHOD_GET;

    if (must)
        add_refusal(responses, 401);
    if ((changes && (must || (flags & (ROUTE_WRITE | ROUTE_VISITOR)) != 0)) ||
        (must && (flags & (ROUTE_EDITOR | ROUTE_ADMIN)) != 0))
        add_refusal(responses, 403);
}

/* By status, as a reader looks for them. */
static json_t *in_order(json_t *all)
{
    json_t *sorted = json_object(), *response;
    char key[8];

    for (unsigned status = 200; status < 600; status++) {
        snprintf(key, sizeof key, "%u", status);
        response = json_object_get(all, key);
        if (response != NULL)
            json_object_set(sorted, key, response);
    }
    json_decref(all);
    return sorted;
}

/* What nginx refuses, as far as this operation has a place for it. */
static void add_lengths(json_t *responses, const struct operation *operation)
{
    unsigned traits = about_route(operation->route)->traits;

    if (operation->path->has_id || (traits & ABOUT_QUERY) != 0)
        add_refusal(responses, 414);
    if ((traits & (ABOUT_TAGGED | ABOUT_MATCH)) != 0)
        add_refusal(responses, 431);
}

json_t *responses_json(const struct operation *operation)
{
    const struct route *route = operation->route;
    const struct about *about = about_route(route);
    json_t *all = json_object(), *success;
    char key[8];

    snprintf(key, sizeof key, "%u", about->status);
    success =
        json_pack("{s:s, s:o, s:o}", "description", success_words(operation), "headers",
                  success_headers(operation), "content", content(about, result_schema(operation)));
    json_object_set_new(all, key, success);
    if ((about->traits & ABOUT_TAGGED) != 0 && route->method == METHOD_GET)
        json_object_set_new(all, "304", schema_ref("responses", "NotModified", STR("")));
    add_refusal(all, 400);
    add_access(all, operation);
    add_lengths(all, operation);
    if ((about->traits & ABOUT_MATCH) != 0)
        add_refusal(all, 412);
    if ((route->flags & ROUTE_JSON) != 0) {
        add_refusal(all, 413);
        add_refusal(all, 415);
    }
    if ((route->flags & ROUTE_ONCE) != 0) {
        add_refusal(all, 409);
        add_refusal(all, 410);
        add_refusal(all, 422);
    }
    if (is_limited(operation))
        add_refusal(all, 429);
    for (size_t i = 0; i < ABOUT_STATUSES && about->statuses[i] != 0; i++)
        add_refusal(all, about->statuses[i]);
    if ((about->traits & ABOUT_BULK) != 0)
        add_bulk(all, operation);
    if ((about->traits & ABOUT_SEVERAL) != 0)
        add_several(all, operation);
    if ((about->traits & ABOUT_OWN_503) != 0)
        json_object_set_new(all, "503",
                            json_pack("{s:s, s:o}", "description", "Not at the moment", "content",
                                      content(about, result_schema(operation))));
    return in_order(all);
}
