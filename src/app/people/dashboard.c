/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/people/people.h"
#include "app/read/filling.h"
#include "base/json_writer.h"

/* GET /api/me/dashboard: what the user has made, and when they were last here.  Its tags are the
 * user's profile and what the user owns. */

enum { RECENT = 5 };

/* Those whose documents have an owner. */
static bool is_counted(const struct plan *plan)
{
    return plan->resource->kept.owner.len > 0;
}

static void put_name(struct filling *filling, const struct plan *plan, bool *first)
{
    if (!*first)
        buf_char(&filling->plain, ',');
    *first = false;
    json_put_string(&filling->plain, plan->resource->name);
    buf_char(&filling->plain, ':');
}

static enum err put_count(struct mongo_db *db, struct filling *filling, const struct plan *plan)
{
    struct condition owner = {plan->resource->kept.owner, OP_EQ, value_oid(filling->id)};
    int64_t total;
    enum err err = collection_count(db, plan->resource->collection, &owner, 1, 0, &total);

    if (err == ERR_OK)
        buf_int(&filling->plain, total);
    return err;
}

/* The newest: by the time of creation where it is kept, else by _id. */
static enum err put_recent(struct mongo_db *db, struct filling *filling, const struct plan *plan)
{
    const struct resource *resource = plan->resource;
    const struct sort_key newest[] = {{resource->kept.created, -1}, {STR("_id"), -1}};
    bool timed = resource->kept.created.len > 0;
    struct condition owner = {resource->kept.owner, OP_EQ, value_oid(filling->id)};
    struct find find = {.collection = resource->collection,
                        .conditions = &owner,
                        .condition_count = 1,
                        .sort = newest + !timed,
                        .sort_count = timed ? 2 : 1,
                        .limit = RECENT,
                        .shape = &plan->shape};
    struct find_result result = {0};
    enum err err;

    buf_char(&filling->plain, '[');
    err = collection_find(db, &find, &filling->plain, &result);
    buf_char(&filling->plain, ']');
    return err;
}

static enum err put_user(struct mongo_db *db, struct filling *filling)
{
    struct condition condition = {STR("_id"), OP_EQ, value_oid(filling->id)};
    struct profile profile;
    struct arena arena;
    enum err err;

    arena_init(&arena, NULL, 0);
    err = users_find(db, &condition, 1, &arena, &profile, NULL);
    if (err == ERR_OK) {
        buf_literal(&filling->plain, BODY_PREFIX ",\"data\":{\"user\":");
        profile_json(&profile, &filling->plain);
        time_json(&filling->plain, "lastLoginAt", profile.last_login_ms);
    }
    arena_reset(&arena);
    return err;
}

static enum err put_each(struct mongo_db *db, struct filling *filling,
                         enum err (*put)(struct mongo_db *, struct filling *, const struct plan *))
{
    const struct app *app = filling->app;
    enum err err = ERR_OK;
    bool first = true;

    for (size_t i = 0; err == ERR_OK && i < app->plan_count; i++) {
        if (!is_counted(&app->plans[i]))
            continue;
        put_name(filling, &app->plans[i], &first);
        err = put(db, filling, &app->plans[i]);
    }
    return err;
}

static enum err dashboard_ask(struct mongo_db *db, struct filling *filling)
{
    struct buf *out = &filling->plain;
    enum err err = put_user(db, filling);

    if (err == ERR_OK) {
        buf_literal(out, ",\"counts\":{");
        err = put_each(db, filling, put_count);
    }
    if (err == ERR_OK) {
        buf_literal(out, "},\"recent\":{");
        err = put_each(db, filling, put_recent);
    }
    buf_literal(out, "}}}");
    filling->source_at = BODY_SOURCE_AT;
    return err;
}

struct dashboard_read {
    struct cache_lookup lookup; /* first */
    struct app *app;
    struct oid id;
    char owner[PROFILE_NAME_MAX];
};

static void fill(struct cache_lookup *lookup, struct cache_fill *cache_fill)
{
    struct dashboard_read *read = (struct dashboard_read *)lookup;
    struct filling *filling = filling_new(read->app, cache_fill, dashboard_ask);

    filling->id = read->id;
    filling->tagged = true;
    filling_start(filling);
}

static void dashboard_done(struct cache_lookup *lookup)
{
    answer_lookup(lookup->context, lookup, STR("User not found"), NULL);
}

void dashboard_handle(void *context, struct request *request, const struct route *route,
                      struct str id)
{
    static const struct cache_class class = {.ttl_ms = 120000};
    struct dashboard_read *read;

    (void)route, (void)id;
    if (!take_no_query(request))
        return;
    read = arena_zalloc(&request->arena, sizeof *read);
    read->app = context;
    read->id = request_visitor(request)->profile.id;
    read->lookup = (struct cache_lookup){.name = STR("dashboard"),
                                         .tag_count = 1,
                                         .class = &class,
                                         .fill = fill,
                                         .done = dashboard_done,
                                         .context = request};
    read->lookup.tags[0] = owner_tag(&read->id, read->owner);
    answer_prepare(&read->lookup, request);
    read->lookup.name =
        ARENA_JOIN(&request->arena, read->lookup.name, schema_hash(read->app->schema));
    cache_get(read->app->cache, &read->lookup);
}
