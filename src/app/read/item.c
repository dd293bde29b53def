/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/item.h"

#include <stdlib.h>

#include "app/answer.h"
#include "app/state.h"
#include "app/views.h"
#include "base/clock.h"
#include "base/gzip.h"
#include "base/mem.h"
#include "cache/turn.h"

#define ITEM_PREFIX BODY_PREFIX ",\"data\":"

enum { BATCH_MAX = 100 };

/* What one question finds of each id. */
struct found {
    struct entry entry;
    struct buf plain, gzip;
    char etag[ITEM_ETAG_MAX];
};

struct batch {
    struct items *items;
    const struct plan *plan;
    size_t count;
    struct oid ids[BATCH_MAX];
    struct cache_fill *fills[BATCH_MAX];
    struct found found[BATCH_MAX];
    struct seal seal;
    struct mongo_job job;
};

struct items {
    struct app *app;
    struct batch *open[PLAN_COUNT]; /* being gathered, one for each plan */
    struct turn turn;
    void (*stopped)(void *context);
    void *stopped_context;
};

/* --- On a thread --- */

static void compose(struct found *found, int64_t version, struct str json)
{
    struct entry *entry = &found->entry;

    entry->status = 200;
    entry->source_at = BODY_SOURCE_AT;
    entry->etag = plan_item_etag(version, json, found->etag);
    buf_literal(&found->plain, ITEM_PREFIX);
    buf_str(&found->plain, json);
    buf_char(&found->plain, '}');
    entry->plain = buf_view(&found->plain);
    if (found->plain.len > GZIP_WORTH &&
        gzip_pack(entry->plain, BODY_LEAD, STR(""), &found->gzip) == ERR_OK)
        entry->gzip = buf_view(&found->gzip);
}

static struct found *find_id(struct batch *batch, const struct oid *id)
{
    for (size_t i = 0; i < batch->count; i++)
        if (memcmp(batch->ids[i].bytes, id->bytes, OID_SIZE) == 0)
            return &batch->found[i];
    return NULL;
}

static enum err ask(struct mongo_db *db, void *context)
{
    struct batch *batch = context;
    struct value ids[BATCH_MAX];
    struct find_item items[BATCH_MAX];
    struct condition condition = {STR("_id"), OP_IN, value_list(ids, batch->count)};
    struct find find = {.collection = batch->plan->resource->name,
                        .conditions = &condition,
                        .condition_count = 1,
                        .limit = (uint32_t)batch->count,
                        .shape = &batch->plan->shape};
    struct find_result result = {.items = items};
    struct buf out = BUF_INIT(RESPONSE_BODY_MAX * 2);
    enum err err;

    seal_fills(&batch->seal, batch->fills, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        ids[i] = value_oid(batch->ids[i]);
    if (batch->count == 1)
        condition = (struct condition){STR("_id"), OP_EQ, ids[0]};
    err = collection_find(db, &find, &out, &result);
    for (size_t i = 0; err == ERR_OK && i < result.count; i++) {
        struct found *found = find_id(batch, &items[i].id);
        if (found != NULL && found->entry.status == 404)
            compose(found, items[i].version, str_make(out.ptr + items[i].offset, items[i].len));
    }
    buf_free(&out);
    return err;
}

/* --- On the loop --- */

/* The same id may be asked for twice (by look-ups that could not be joined): one finds it, the
 * other is told the same. */
static void answer(void *context, enum err err)
{
    struct batch *batch = context;

    seal_end(&batch->seal);
    for (size_t i = 0; i < batch->count; i++)
        cache_fill_done(batch->fills[i], err,
                        err == ERR_OK ? &find_id(batch, &batch->ids[i])->entry : NULL);
}

static void release(void *context)
{
    struct batch *batch = context;

    for (size_t i = 0; i < batch->count; i++) {
        buf_free(&batch->found[i].plain);
        buf_free(&batch->found[i].gzip);
    }
    free(batch);
}

static void submit(struct batch *batch)
{
    batch->job = (struct mongo_job){.work = ask,
                                    .done = answer,
                                    .release = release,
                                    .context = batch,
                                    .deadline_ms = clock_mono_ms() + READ_MS};
    mongo_submit_or_tell(batch->items->app->mongo, &batch->job);
}

static void flush(void *context)
{
    struct items *items = context;

    for (size_t i = 0; i < PLAN_COUNT; i++) {
        struct batch *batch = items->open[i];
        items->open[i] = NULL;
        if (batch != NULL)
            submit(batch);
    }
}

static struct batch *batch_new(struct items *items, const struct plan *plan)
{
    struct batch *batch = mem_zalloc(sizeof *batch);

    batch->items = items;
    batch->plan = plan;
    turn_begin(&items->turn);
    return batch;
}

static void fill(struct cache_lookup *lookup, struct cache_fill *cache_fill)
{
    struct item_read *read = (struct item_read *)lookup;
    struct items *items = read->app->items;
    struct batch **open = &items->open[read->plan - read->app->plans];
    struct batch *batch = *open != NULL ? *open : (*open = batch_new(items, read->plan));
    struct found *found = &batch->found[batch->count];

    found->entry = (struct entry){.status = 404, .plain = STR(""), .gzip = STR("")};
    buf_init(&found->plain, RESPONSE_BODY_MAX);
    buf_init(&found->gzip, RESPONSE_BODY_MAX);
    batch->ids[batch->count] = read->id;
    batch->fills[batch->count++] = cache_fill;
    if (batch->count == BATCH_MAX) {
        *open = NULL;
        submit(batch);
    }
}

static struct cache_lookup *detach(const struct cache_lookup *lookup)
{
    const struct item_read *read = (const struct item_read *)lookup;
    struct item_read *copy = mem_zalloc(sizeof *copy);

    item_read_init(copy, read->app, read->plan, &read->id);
    return &copy->lookup;
}

static void detached_free(struct cache_lookup *lookup)
{
    free(lookup);
}

void item_read_init(struct item_read *read, struct app *app, const struct plan *plan,
                    const struct oid *id)
{
    read->app = app;
    read->plan = plan;
    read->id = *id;
    read->lookup = (struct cache_lookup){.name = plan_item_name(plan, id, read->name),
                                         .tag_count = 1,
                                         .class = plan->resource->item_class,
                                         .fill = fill,
                                         .detach = detach,
                                         .detached_free = detached_free};
    read->lookup.tags[0] = read->lookup.name;
}

struct str item_json(struct str plain)
{
    struct str json = str_from_offset(plain, sizeof ITEM_PREFIX - 1);

    return str_make(json.ptr, json.len > 0 ? json.len - 1 : 0);
}

static void done(struct cache_lookup *lookup)
{
    const struct item_read *read = (const struct item_read *)lookup;
    const struct request *request = lookup->context;

    if (lookup->err == ERR_OK && lookup->entry.status == 200 && request->method == METHOD_GET)
        views_count(read->app->views, read->plan, &read->id);
    answer_lookup(lookup->context, lookup, read->plan->resource->absent, NULL);
}

void item_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    struct item_read *read;
    struct oid oid;

    if (!take_id(request, id, &oid) || !take_no_query(request))
        return;
    read = arena_alloc(&request->arena, sizeof *read);
    item_read_init(read, app, app_plan(app, route->data), &oid);
    read->lookup.context = request;
    read->lookup.done = done;
    answer_prepare(&read->lookup, request);
    cache_get(app->cache, &read->lookup);
}

/* --- Life --- */

struct items *items_new(struct app *app)
{
    struct items *items = mem_zalloc(sizeof *items);

    items->app = app;
    turn_init(&items->turn, app->loop, flush, items);
    return items;
}

static void on_closed(void *context)
{
    const struct items *items = context;

    if (items->stopped != NULL)
        items->stopped(items->stopped_context);
}

void items_stop(struct items *items, void (*stopped)(void *context), void *context)
{
    items->stopped = stopped;
    items->stopped_context = context;
    flush(items);
    turn_close(&items->turn, on_closed);
}

void items_free(struct items *items)
{
    free(items);
}
