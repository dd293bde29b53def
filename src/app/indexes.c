/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/indexes.h"

#include <stdlib.h>

#include "app/people/session.h"
#include "app/people/users.h"
#include "app/state.h"
#include "app/write/receipt.h"
#include "base/log.h"
#include "base/mem.h"

enum { INDEXES_MAX = 64, KEYS_MAX = 8 };

const struct bookkeeping *const bookkeeping[BOOKKEEPING_COUNT] = {&users, &sessions, &receipts};

/* "category,-createdAt,-_id" or "text:name,description". */
static size_t parse_keys(struct str rest, struct index_key keys[static KEYS_MAX])
{
    bool words = str_starts(rest, STR("text:"));
    struct str name;
    size_t count = 0;

    if (words)
        rest = str_from_offset(rest, sizeof "text:" - 1);
    while (count < KEYS_MAX && str_split(&rest, ',', &name)) {
        bool down = name.ptr[0] == '-';
        keys[count++] = (struct index_key){str_from_offset(name, down), words  ? INDEX_TEXT
                                                                        : down ? -1
                                                                               : 1};
    }
    return count;
}

enum err indexes_ensure(struct mongo_db *db, struct str collection, const struct index *indexes,
                        size_t count, unsigned *refused)
{
    struct index_key keys[INDEXES_MAX][KEYS_MAX];
    struct index_spec specs[INDEXES_MAX];

    if (count > INDEXES_MAX)
        count = INDEXES_MAX;
    for (size_t i = 0; i < count; i++)
        specs[i] = (struct index_spec){.name = indexes[i].name,
                                       .keys = keys[i],
                                       .key_count = parse_keys(indexes[i].keys, keys[i]),
                                       .unique = indexes[i].unique,
                                       .sparse = indexes[i].sparse,
                                       .expire_after_s = indexes[i].expire_after_s};
    return collection_create_indexes(db, collection, specs, count, refused);
}

/* --- At start --- */

struct making {
    struct str collection;
    const struct index *indexes;
    size_t count;
    unsigned refused;
    struct mongo_job job;
};

static enum err indexes_make(struct mongo_db *db, void *context)
{
    struct making *making = context;

    return indexes_ensure(db, making->collection, making->indexes, making->count, &making->refused);
}

static void indexes_made(void *context, enum err err)
{
    const struct making *making = context;

    if (err != ERR_OK)
        log_warn("app", "indexes could not be looked at", LOG_STR("collection", making->collection),
                 LOG_ERR(err));
    else if (making->refused > 0)
        log_warn("app", "the database refuses indexes: some queries will be slow",
                 LOG_STR("collection", making->collection), LOG_INT("refused", making->refused));
}

static void submit(struct app *app, struct str collection, const struct index *indexes,
                   size_t count)
{
    struct making *making = mem_zalloc(sizeof *making);

    making->collection = collection;
    making->indexes = indexes;
    making->count = count;
    making->job = (struct mongo_job){
        .work = indexes_make, .done = indexes_made, .release = free, .context = making};
    mongo_submit_or_tell(app->mongo, &making->job);
}

void indexes_start(struct app *app)
{
    for (size_t i = 0; i < BOOKKEEPING_COUNT; i++)
        submit(app, bookkeeping[i]->collection, bookkeeping[i]->indexes,
               bookkeeping[i]->index_count);
    for (size_t i = 0; i < app->plan_count; i++) {
        const struct resource *resource = app->plans[i].resource;
        submit(app, resource->collection, resource->indexes, resource->index_count);
    }
}
