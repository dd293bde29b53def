/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/people/people.h"
#include "app/write/validate.h"
#include "app/write/write.h"
#include "base/idiom.h"
#include "base/json_writer.h"
#include "schema/schema.h"

/* POST /api/admin/purge: gives a tag a new version, so that every answer under it is a miss. */

static const char form[] =
    "{\"type\":\"object\",\"required\":[\"tag\"],\"properties\":{"
    "\"tag\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":300,"
    "\"examples\":[\"products\"],\"description\":\"A resource (products): all of it; "
    "one partition (products:coffee); or one item (product:65a1b2c3d4e5f60718293a4b)\"}}}";

static struct resource form_resource = {.title = STR_INIT("Purge")};

const struct resource *purge_form(void)
{
    schema_form_once(&form_resource, form);
    return &form_resource;
}

enum { TAGS = 3 };

struct purge {
    struct cache_write cache; /* first */
    struct request *request;
    struct str tags[TAGS];
};

static bool purge_begins_with(struct str tag, struct str name)
{
    return tag.len > name.len + 1 && str_starts(tag, name) && tag.ptr[name.len] == ':';
}

/* Of a resource: the tag of its lists, that of all partitions, and that of all items. */
static bool purge_take_tag(struct purge *purge, const struct app *app, struct str tag)
{
    struct arena *arena = &purge->request->arena;

    for (size_t i = 0; i < app->plan_count; i++) {
        const struct resource *resource = app->plans[i].resource;
        bool whole = str_eq(tag, resource->name);
        if (!whole && !purge_begins_with(tag, resource->name) &&
            !purge_begins_with(tag, resource->singular))
            continue;
        purge->tags[0] = arena_str(arena, tag);
        purge->tags[1] = plan_all_partitions(&app->plans[i], arena);
        purge->tags[2] = app->plans[i].all_items;
        purge->cache.tag_count = whole ? TAGS : 1;
        return true;
    }
    return false;
}

static void purge_done(struct cache_write *cache)
{
    struct purge *purge = cache->context;
    struct request *request = purge->request;
    struct buf *body = &request->response.body;

    if (cache->err != ERR_OK) {
        problem_send_err(request, cache->err);
        return;
    }
    buf_literal(body, "{\"success\":true,\"message\":\"Purged\",\"tag\":");
    json_put_string(body, purge->tags[0]);
    buf_char(body, '}');
    personal_send(request, 200);
}

static void purge_ready(struct cache_write *cache, enum err err)
{
    const struct purge *purge = cache->context;

    if (err == ERR_OK)
        cache_write_end(cache, ERR_OK);
    else
        problem_send_err(purge->request, database_err(err));
}

static void purge_begin(struct app *app, struct request *request, struct str tag,
                        struct problem *problem)
{
    struct purge *purge = arena_zalloc(&request->arena, sizeof *purge);

    purge->request = request;
    if (!purge_take_tag(purge, app, tag)) {
        problem_add(problem, STR("tag"), STR("is the tag of no resource"));
        problem_send(request, 404, STR("Tag not found"), problem);
        return;
    }
    purge->cache.tags = purge->tags;
    purge->cache.ready = purge_ready;
    purge->cache.done = purge_done;
    purge->cache.context = purge;
    cache_write_begin(app->cache, &purge->cache);
}

void purge_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct validation validation = {
        .resource = purge_form(), .mode = VALIDATE_CREATE, .arena = &request->arena};
    struct problem problem;
    struct assignments draft;
    json_t *root;

    (void)route, (void)id;
    if (!take_no_query(request) || (root = write_body(request, false, &problem)) == NULL)
        return;
    validation.problem = &problem;
    if (validate(&validation, root, &draft) == ERR_OK)
        purge_begin(context, request, assignments_value(&draft, STR("tag"))->string, &problem);
    else
        problem_send_invalid(request, &problem);
    json_decref(root);
}
