/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/people/people.h"
#include "app/read/filling.h"

/* GET /api/me/dashboard: what the user has made, and when they were last here.  Its tags are the
 * user's profile and what the user owns. */

enum { RECENT = 5 };

static enum err put_count(struct mongo_db *db, struct filling *filling, const struct plan *plan)
{
    struct condition owner = {STR("ownerId"), OP_EQ, value_oid(filling->id)};
    int64_t total;
    enum err err = collection_count(db, plan->resource->name, &owner, 1, 0, &total);

    if (err != ERR_OK)
        return err;
    buf_printf(&filling->plain, "\"%.*s\":%lld", (int)plan->resource->name.len,
               plan->resource->name.ptr, (long long)total);
    return ERR_OK;
}

static enum err put_recent(struct mongo_db *db, struct filling *filling, const struct plan *plan)
{
    static const struct sort_key newest[] = {{STR_INIT("createdAt"), -1}, {STR_INIT("_id"), -1}};
    struct condition owner = {STR("ownerId"), OP_EQ, value_oid(filling->id)};
    struct find find = {.collection = plan->resource->name,
                        .conditions = &owner,
                        .condition_count = 1,
                        .sort = newest,
                        .sort_count = 2,
                        .limit = RECENT,
                        .shape = &plan->shape};
    struct find_result result = {0};
    enum err err;

    buf_printf(&filling->plain, "\"%.*s\":[", (int)plan->resource->name.len,
               plan->resource->name.ptr);
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

static enum err ask(struct mongo_db *db, struct filling *filling)
{
    const struct plan *plans = filling->app->plans;
    struct buf *out = &filling->plain;
    enum err err = put_user(db, filling);

    for (size_t i = 0; err == ERR_OK && i < PLAN_COUNT; i++) {
        buf_str(out, i == 0 ? STR(",\"counts\":{") : STR(","));
        err = put_count(db, filling, &plans[i]);
    }
    for (size_t i = 0; err == ERR_OK && i < PLAN_COUNT; i++) {
        buf_str(out, i == 0 ? STR("},\"recent\":{") : STR(","));
        err = put_recent(db, filling, &plans[i]);
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
    struct filling *filling = filling_new(read->app, cache_fill, ask);

    filling->id = read->id;
    filling_start(filling);
}

static void done(struct cache_lookup *lookup)
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
    read->lookup = (struct cache_lookup){.name = STR("dashboard:"),
                                         .tag_count = 1,
                                         .class = &class,
                                         .fill = fill,
                                         .done = done,
                                         .context = request};
    read->lookup.tags[0] = owner_tag(&read->id, read->owner);
    answer_prepare(&read->lookup, request);
    cache_get(read->app->cache, &read->lookup);
}
