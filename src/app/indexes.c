/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "app/indexes.h"
#include "app/people/session.h"
#include "app/people/users.h"
#include "app/posts.h"
#include "app/products.h"
#include "app/state.h"
#include "app/write/receipt.h"
#include "base/log.h"
#include "base/mem.h"

enum { INDEXES_MAX = 24, KEYS_MAX = 6 };

const struct resource *const indexed[INDEXED_COUNT] = {&products, &posts, &users, &sessions,
                                                       &idempotency};

struct making {
    const struct resource *resource;
    unsigned refused;
    struct mongo_job job;
};

/* "category,-createdAt,-_id" or "text:name,description". */
static size_t parse_keys(const char *text, struct index_key keys[static KEYS_MAX])
{
    struct str rest = str_from(text), name;
    bool words = str_starts(rest, STR("text:"));
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

enum err indexes_ensure(struct mongo_db *db, const struct resource *resource, unsigned *refused)
{
    struct index_key keys[INDEXES_MAX][KEYS_MAX];
    struct index_spec specs[INDEXES_MAX];
    size_t count = resource->index_count < INDEXES_MAX ? resource->index_count : INDEXES_MAX;

    for (size_t i = 0; i < count; i++)
        specs[i] = (struct index_spec){.name = resource->indexes[i].name,
                                       .keys = keys[i],
                                       .key_count = parse_keys(resource->indexes[i].keys, keys[i]),
                                       .unique = resource->indexes[i].unique,
                                       .expire_after_s = resource->indexes[i].expire_after_s};
    return collection_create_indexes(db, resource->name, specs, count, refused);
}

static enum err make(struct mongo_db *db, void *context)
{
    struct making *making = context;

    return indexes_ensure(db, making->resource, &making->refused);
}

static void told(void *context, enum err err)
{
    const struct making *making = context;
    struct str name = making->resource->name;

    if (err != ERR_OK)
        log_warn("app", "indexes could not be looked at", LOG_STR("collection", name),
                 LOG_ERR(err));
    else if (making->refused > 0)
        log_warn("app", "the database refuses indexes: some queries will be slow",
                 LOG_STR("collection", name), LOG_INT("refused", making->refused));
}

void indexes_make(struct app *app, const struct resource *resource)
{
    struct making *making = mem_zalloc(sizeof *making);

    making->resource = resource;
    making->job =
        (struct mongo_job){.work = make, .done = told, .release = free, .context = making};
    mongo_submit_or_tell(app->mongo, &making->job);
}
