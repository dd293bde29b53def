/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/indexes.h"

#include <stdlib.h>

#include "app/app_state.h"
#include "app/layout.h"
#include "app/people/attempts.h"
#include "app/people/session.h"
#include "app/people/users.h"
#include "app/write/receipt.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/mem.h"

enum { INDEXES_MAX = QUERY_PARAMS_MAX, AGAIN_MS = 5000 };

const struct bookkeeping *const bookkeeping[BOOKKEEPING_COUNT] = {&users, &sessions, &receipts,
                                                                  &attempts};

/* --- Whose a collection is: documents of "larder_collections", {_id: its name} --- */

static const struct str claims = STR_INIT("larder_collections");

enum err indexes_claim(struct mongo_db *db, struct str collection)
{
    const struct assignment name = {STR("_id"), ASSIGN_SET, value_string(collection)};
    enum err err = collection_insert(db, claims, &(struct document){&name, 1});

    return err == ERR_EXISTS ? ERR_OK : err;
}

static enum err is_claimed(struct mongo_db *db, struct str collection, bool *claimed)
{
    static const struct shape shape = {.count = 0};
    const struct condition name = {STR("_id"), OP_EQ, value_string(collection)};
    enum err err =
        collection_find_one(db, claims, &name, 1, 0, &(struct found_document){.shape = &shape});

    *claimed = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* --- Looking --- */

struct looking {
    const struct resource *resource;
    struct index_state *state;
};

static void take_index(void *context, const struct index_spec *found)
{
    const struct looking *looking = context;

    for (size_t i = 0; i < looking->resource->index_count && i < INDEXES_MAX; i++) {
        const struct index *index = &looking->resource->indexes[i];
        bool is = index_serves(found, index);
        bool words = str_starts(index->keys, STR("text:"));
        looking->state->there[i] = looking->state->there[i] || is;
        looking->state->words = looking->state->words || (words && is);
    }
}

enum err indexes_look(struct mongo_db *db, const struct resource *resource,
                      struct index_state *state)
{
    struct looking looking = {resource, state};
    enum err err;

    *state = (struct index_state){0};
    err = collection_indexes(db, resource->collection, take_index, &looking);
    for (size_t i = 0; i < resource->index_count && i < INDEXES_MAX; i++)
        state->missing += !state->there[i];
    return err;
}

/* --- In the background --- */

struct indexes {
    struct app *app;
    uv_timer_t timer;
    struct known {
        bool looked, told, ours, busy;
        struct index_state state;
        bool refused[INDEXES_MAX]; /* by the server: not tried again */
    } * known;                     /* by the resources' indexes */
    void (*stopped)(void *context);
    void *stopped_context;
};

/* One collection's work; resource is NULL for bookkeeping. */
struct making {
    struct indexes *indexes;
    const struct resource *resource;
    const struct bookkeeping *own;
    struct index_state state;
    bool first; /* only looks: what is found is logged before anything is made */
    bool collated;
    bool looked, ours; /* state is set; its indexes are made by themselves */
    bool refused[INDEXES_MAX];
    struct mongo_job job;
};

static bool is_ours(struct mongo_db *db, const struct making *making, enum err *err)
{
    struct str collection = making->resource->collection;
    bool empty = false, claimed = false;
    enum indexes_policy policy = making->indexes->app->config.indexes;

    if (policy != INDEXES_OWN)
        return policy == INDEXES_ALL;
    *err = is_claimed(db, collection, &claimed);
    if (*err == ERR_OK && !claimed)
        *err = collection_is_empty(db, collection, &empty);
    if (*err == ERR_OK && empty)
        *err = indexes_claim(db, collection);
    return *err == ERR_OK && (claimed || empty);
}

/* One after the other, those that are there passed over.  One may take the server longer than a
 * connection waits: it goes on with it, and this is called again. */
static enum err make_missing(struct mongo_db *db, struct making *making)
{
    const struct resource *resource = making->resource;
    enum err err = ERR_OK;

    for (size_t i = 0; err == ERR_OK && i < resource->index_count && i < INDEXES_MAX; i++) {
        unsigned refused = 0;
        if (!making->state.there[i] && !making->refused[i])
            err = indexes_ensure(db, resource->collection, &resource->indexes[i], 1, &refused);
        making->refused[i] = making->refused[i] || refused > 0;
    }
    return err;
}

static enum err indexes_make(struct mongo_db *db, void *context)
{
    struct making *making = context;
    const struct resource *resource = making->resource;
    enum err err = ERR_OK;

    if (resource == NULL)
        return indexes_ensure(db, making->own->collection, making->own->indexes,
                              making->own->index_count, NULL);
    err = collection_collated(db, resource->collection, &making->collated);
    if (err == ERR_OK)
        err = indexes_look(db, resource, &making->state);
    making->looked = err == ERR_OK;
    if (err != ERR_OK || making->state.missing == 0)
        return err;
    making->ours = is_ours(db, making, &err);
    if (!making->ours || making->first || err != ERR_OK)
        return err;
    err = indexes_note_missing(db, resource);
    if (err == ERR_OK)
        err = make_missing(db, making);
    return err == ERR_OK ? indexes_look(db, resource, &making->state) : err;
}

static void tell_missing(const struct making *making)
{
    const struct resource *resource = making->resource;

    for (size_t i = 0; i < resource->index_count && i < INDEXES_MAX; i++)
        if (!making->state.there[i])
            log_warn("app",
                     "an index is missing: some questions are slow until `larderctl "
                     "reindex` has made it",
                     LOG_STR("resource", resource->name),
                     LOG_STR("keys", resource->indexes[i].keys));
}

static void indexes_submit(struct indexes *indexes, const struct resource *resource,
                           const struct bookkeeping *own);

static void indexes_made(void *context, enum err err)
{
    const struct making *making = context;
    const struct resource *resource = making->resource;
    struct known *known;

    if (err == ERR_UNKNOWN && making->ours)
        log_info("app", "an index is being made", LOG_STR("resource", resource->name));
    else if (err != ERR_OK)
        log_warn("app", "indexes could not be looked at",
                 LOG_STR("collection",
                         resource != NULL ? resource->collection : making->own->collection),
                 LOG_ERR(err));
    if (resource == NULL)
        return;
    known = &making->indexes->known[resource->index];
    known->busy = false;
    if (making->collated)
        layouts_distrust(making->indexes->app->layouts, resource);
    if (!making->looked)
        return;
    known->looked = true;
    known->ours = making->ours;
    known->state = making->state;
    memcpy(known->refused, making->refused, sizeof known->refused);
    if (!known->told && !making->ours)
        tell_missing(making);
    known->told = known->told || !making->ours;
    if (making->first && making->ours)
        indexes_submit(making->indexes, resource, NULL);
}

static void indexes_submit(struct indexes *indexes, const struct resource *resource,
                           const struct bookkeeping *own)
{
    struct making *making = mem_zalloc(sizeof *making);

    if (resource != NULL)
        indexes->known[resource->index].busy = true;
    making->first = resource != NULL && !indexes->known[resource->index].looked;
    making->indexes = indexes;
    making->resource = resource;
    if (resource != NULL)
        memcpy(making->refused, indexes->known[resource->index].refused, sizeof making->refused);
    making->own = own;
    making->job = (struct mongo_job){
        .work = indexes_make, .done = indexes_made, .release = free, .context = making};
    mongo_submit_or_tell(indexes->app->mongo, &making->job);
}

static void on_indexes_time(uv_timer_t *timer)
{
    struct indexes *indexes = timer->data;

    for (size_t i = 0; i < indexes->app->plan_count; i++)
        if (!indexes->known[i].busy &&
            (!indexes->known[i].looked || indexes->known[i].state.missing > 0))
            indexes_submit(indexes, indexes->app->plans[i].resource, NULL);
}

void indexes_start(struct indexes *indexes)
{
    for (size_t i = 0; i < BOOKKEEPING_COUNT; i++)
        indexes_submit(indexes, NULL, bookkeeping[i]);
    on_indexes_time(&indexes->timer);
    uv_timer_start(&indexes->timer, on_indexes_time, AGAIN_MS, AGAIN_MS);
}

bool indexes_missing(const struct indexes *indexes)
{
    for (size_t i = 0; i < indexes->app->plan_count; i++)
        if (indexes->known[i].state.missing > 0)
            return true;
    return false;
}

static bool words_refused(const struct known *known, const struct resource *resource)
{
    for (size_t i = 0; i < resource->index_count && i < INDEXES_MAX; i++)
        if (known->refused[i] && str_starts(resource->indexes[i].keys, STR("text:")))
            return true;
    return false;
}

void indexes_json(const struct indexes *indexes, struct buf *out)
{
    bool first = true;

    buf_char(out, '[');
    for (size_t i = 0; i < indexes->app->plan_count; i++) {
        const struct resource *resource = indexes->app->plans[i].resource;
        const struct known *known = &indexes->known[resource->index];
        for (size_t j = 0; known->looked && j < resource->index_count && j < INDEXES_MAX; j++) {
            if (known->state.there[j])
                continue;
            buf_str(out, first ? STR("{\"resource\":") : STR(",{\"resource\":"));
            json_put_string(out, resource->name);
            buf_literal(out, ",\"keys\":");
            json_put_string(out, resource->indexes[j].keys);
            buf_char(out, '}');
            first = false;
        }
    }
    buf_char(out, ']');
}

enum words_state indexes_words(const struct indexes *indexes, const struct resource *resource)
{
    const struct known *known = &indexes->known[resource->index];

    if (!known->looked || known->state.words)
        return WORDS_THERE;
    return known->ours && !words_refused(known, resource) ? WORDS_BEING_MADE : WORDS_MISSING;
}

/* --- Life --- */

struct indexes *indexes_new(struct app *app)
{
    struct indexes *indexes = mem_zalloc(sizeof *indexes);

    indexes->app = app;
    indexes->known = mem_zalloc((app->plan_count + 1) * sizeof *indexes->known);
    uv_timer_init(app->loop, &indexes->timer);
    indexes->timer.data = indexes;
    return indexes;
}

static void on_close(uv_handle_t *handle)
{
    struct indexes *indexes = handle->data;

    indexes->stopped(indexes->stopped_context);
}

void indexes_stop(struct indexes *indexes, void (*done)(void *context), void *context)
{
    indexes->stopped = done;
    indexes->stopped_context = context;
    uv_close((uv_handle_t *)&indexes->timer, on_close);
}

void indexes_free(struct indexes *indexes)
{
    if (indexes == NULL)
        return;
    free(indexes->known);
    free(indexes);
}
