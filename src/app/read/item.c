/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/item.h"

#include <stdlib.h>

#include "app/answer.h"
#include "app/app_state.h"
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/people/auth.h"
#include "app/read/filling.h"
#include "app/read/item_entry.h"
#include "app/views.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cache/turn.h"

enum { BATCH_MAX = 100, ITEM_JSON_MAX = RESPONSE_BODY_MAX - 256 };

/* What one question finds of each id. */
struct found {
    struct item_entry item;
    struct value owner;
    enum err err;
};

/* Who asks for what. */
struct asked {
    struct cache_fill *fill;
    size_t id_len;
    bool owned;
    struct oid reader;
    char id[ID_TEXT_MAX];
};

struct batch {
    struct items *items;
    const struct plan *plan;
    size_t count;
    struct cache_fill *fills[BATCH_MAX];
    struct asked asked[BATCH_MAX];
    struct found found[BATCH_MAX];
    struct fill_seal seal;
    struct mongo_job job;
};

struct items {
    struct app *app;
    struct batch **open; /* being gathered, one for each plan */
    struct turn turn;
    void (*stopped)(void *context);
    void *stopped_context;
};

/* --- On a thread --- */

static struct str id_of(const struct asked *asked)
{
    return str_make(asked->id, asked->id_len);
}

static struct found *find_id(struct batch *batch, struct str id)
{
    for (size_t i = 0; i < batch->count; i++)
        if (str_eq(id_of(&batch->asked[i]), id))
            return &batch->found[i];
    return NULL;
}

static void take_item(struct batch *batch, const struct find_item *item, struct str json)
{
    char room[ID_TEXT_MAX];
    struct found *found = find_id(batch, id_text(batch->plan->resource->id, &item->id, room));

    if (found == NULL || found->item.entry.status != 404)
        return;
    found->owner = item->owner;
    found->err = item_entry_make(&found->item, batch->plan, json);
}

/* Those from first on, so many. */
static enum err ask_some(struct mongo_db *db, struct batch *batch, size_t first, size_t count)
{
    const struct resource *resource = batch->plan->resource;
    struct value ids[BATCH_MAX];
    struct find_item items[BATCH_MAX];
    struct condition condition = {STR("_id"), OP_IN, value_list(ids, count)};
    struct find find = {.collection = resource->collection,
                        .conditions = &condition,
                        .condition_count = 1,
                        .limit = (uint32_t)count,
                        .shape = &batch->plan->shape,
                        .owner = resource->read == ACCESS_OWNER ? resource->kept.owner : STR("")};
    struct buf out = BUF_INIT(ITEM_JSON_MAX);
    struct arena arena;
    struct find_result result = {.items = items, .arena = &arena};
    enum err err;

    arena_init(&arena, NULL, 0);
    for (size_t i = 0; i < count; i++)
        ids[i] = id_value(resource->id, id_of(&batch->asked[first + i]));
    if (count == 1)
        condition = (struct condition){STR("_id"), OP_EQ, ids[0]};
    err = collection_find(db, &find, &out, &result);
    for (size_t i = 0; err == ERR_OK && i < result.count; i++)
        take_item(batch, &items[i], str_make(out.ptr + items[i].offset, items[i].len));
    buf_free(&out);
    arena_reset(&arena);
    return err;
}

/* One that is too large must not fail those beside it. */
static enum err ask_singly(struct mongo_db *db, struct batch *batch)
{
    enum err err = ERR_OK;

    for (size_t i = 0; err == ERR_OK && i < batch->count; i++) {
        err = ask_some(db, batch, i, 1);
        if (err == ERR_TOO_LARGE) {
            batch->found[i].err = err;
            err = ERR_OK;
        }
    }
    return err;
}

static enum err items_ask(struct mongo_db *db, void *context)
{
    struct batch *batch = context;
    enum err err;

    fill_seal_all(&batch->seal, batch->fills, batch->count);
    err = ask_some(db, batch, 0, batch->count);
    return err == ERR_TOO_LARGE ? ask_singly(db, batch) : err;
}

/* --- On the loop --- */

static bool is_shown_to(const struct asked *asked, const struct found *found)
{
    return !asked->owned || (found->owner.type == VALUE_OID &&
                             memcmp(&found->owner.oid, &asked->reader, sizeof asked->reader) == 0);
}

/* The same id may be asked for twice (by look-ups that could not be joined, or by two readers): one
 * looks it up, the other gets the same answer. */
static void items_answer(void *context, enum err err)
{
    static const struct entry absent = {.status = 404};
    struct batch *batch = context;

    fill_seal_end(&batch->seal);
    for (size_t i = 0; i < batch->count; i++) {
        const struct asked *asked = &batch->asked[i];
        struct found *found = find_id(batch, id_of(asked));
        enum err own = err != ERR_OK ? err : found->err;
        if (batch->count == 1) { /* so nobody else is told the same */
            found->item.entry.plain_from = &found->item.plain;
            found->item.entry.gzip_from = &found->item.gzip;
        }
        cache_fill_done(asked->fill, own,
                        own != ERR_OK               ? NULL
                        : is_shown_to(asked, found) ? &found->item.entry
                                                    : &absent);
    }
}

static void item_release(void *context)
{
    struct batch *batch = context;

    for (size_t i = 0; i < batch->count; i++)
        item_entry_free(&batch->found[i].item);
    free(batch);
}

static void item_submit(struct batch *batch)
{
    batch->job = (struct mongo_job){.work = items_ask,
                                    .done = items_answer,
                                    .release = item_release,
                                    .context = batch,
                                    .deadline_ms = clock_mono_ms() + READ_MS};
    mongo_submit_or_tell(batch->items->app->mongo, &batch->job);
}

static void flush(void *context)
{
    struct items *items = context;

    for (size_t i = 0; i < items->app->plan_count; i++) {
        struct batch *batch = items->open[i];
        items->open[i] = NULL;
        if (batch != NULL)
            item_submit(batch);
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
    struct batch **open = &items->open[read->plan->resource->index];
    struct batch *batch = *open != NULL ? *open : (*open = batch_new(items, read->plan));
    struct found *found = &batch->found[batch->count];
    struct asked *asked = &batch->asked[batch->count];

    *found = (struct found){0};
    item_entry_init(&found->item);
    *asked = (struct asked){
        .fill = cache_fill, .id_len = read->id.len, .owned = read->owned, .reader = read->reader};
    memcpy(asked->id, read->id.ptr, read->id.len);
    batch->fills[batch->count++] = cache_fill;
    if (batch->count == BATCH_MAX) {
        *open = NULL;
        item_submit(batch);
    }
}

static struct cache_lookup *detach(const struct cache_lookup *lookup)
{
    const struct item_read *read = (const struct item_read *)lookup;
    struct item_read *copy = mem_zalloc(sizeof *copy);

    item_read_init(copy, read->app, read->plan, read->id);
    return &copy->lookup;
}

static void detached_free(struct cache_lookup *lookup)
{
    free(lookup);
}

void item_read_init(struct item_read *read, struct app *app, const struct plan *plan, struct str id)
{
    read->app = app;
    read->plan = plan;
    read->owned = false;
    read->lookup = (struct cache_lookup){.name = plan_item_name(plan, id, read->name),
                                         .tag_count = 2,
                                         .class = &plan->item_class,
                                         .fill = fill,
                                         .detach = detach,
                                         .detached_free = detached_free};
    read->lookup.tags[0] = plan_unhashed(read->lookup.name);
    read->lookup.tags[1] = plan->all_items;
    read->id = str_from_offset(read->lookup.tags[0], plan->resource->singular.len + 1);
}

void item_read_by(struct item_read *read, struct request *request, const struct route *route)
{
    const struct visitor *visitor = request_visitor(request);

    if ((route->flags & ROUTE_OWNED) == 0)
        return;
    read->owned = visitor->profile.role < ROLE_ADMIN;
    read->reader = visitor->profile.id;
}

struct str item_json(struct str plain)
{
    struct str json = str_from_offset(plain, sizeof ITEM_PREFIX - 1);

    return str_make(json.ptr, json.len > 0 ? json.len - 1 : 0);
}

void item_send_too_large(const struct plan *plan, struct request *request, struct str param,
                         struct str id)
{
    struct problem problem;

    problem_init(&problem, &request->arena);
    if (param.len > 0)
        problem_addf(&problem, param, "%.*s is too large", (int)id.len, id.ptr);
    problem_send(request, 413,
                 ARENA_JOIN(&request->arena, plan->resource->title,
                            STR(" is too large to be shown: more than 4 MiB of JSON")),
                 &problem);
}

static void item_answer(struct cache_lookup *lookup)
{
    const struct item_read *read = (const struct item_read *)lookup;
    struct request *request = lookup->context;

    if (lookup->err == ERR_TOO_LARGE) {
        item_send_too_large(read->plan, request, STR(""), read->id);
        return;
    }
    if (lookup->err == ERR_OK && lookup->entry.status == 200 && request->method == METHOD_GET)
        views_count(read->app->views, read->plan, read->id, 1);
    answer_lookup(request, lookup, read->plan->resource->absent, NULL);
}

void item_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    const struct resource *resource = route->data;
    struct item_read *read;
    char room[ID_TEXT_MAX];
    struct str canonical;

    if (!take_id(request, resource, id, room, &canonical) || !take_no_query(request))
        return;
    read = arena_alloc(&request->arena, sizeof *read);
    item_read_init(read, app, app_plan(app, resource), canonical);
    item_read_by(read, request, route);
    read->lookup.context = request;
    read->lookup.done = item_answer;
    answer_prepare(&read->lookup, request);
    cache_get(app->cache, &read->lookup);
}

/* --- Life --- */

struct items *items_new(struct app *app)
{
    struct items *items = mem_zalloc(sizeof *items);

    items->app = app;
    items->open = mem_zalloc((app->plan_count + 1) * sizeof *items->open);
    turn_init(&items->turn, app->loop, flush, items);
    return items;
}

static void on_item_closed(void *context)
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
    turn_close(&items->turn, on_item_closed);
}

void items_free(struct items *items)
{
    if (items != NULL)
        free(items->open);
    free(items);
}
