/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "app/indexes.h"
#include "ctl/guard.h"

/* larderctl reindex: makes the indexes that are missing, waits for them and says what became of
 * them. */

struct making {
    struct str collection;
    const struct index *indexes;
    size_t count;
    unsigned refused;
};

static enum err make(struct mongo_db *db, void *context)
{
    struct making *making = context;

    return indexes_ensure(db, making->collection, making->indexes, making->count, &making->refused);
}

/* The server goes on with an index that takes longer than an answer may: it is asked for again, and
 * waited for. */
static enum err make_one(struct ctl *ctl, struct guard *guard, struct making *making)
{
    enum err err;

    for (;;) {
        guard_extend(guard);
        err = mongo_run(ctl->backend.mongo, make, making);
        if (err != ERR_UNKNOWN)
            break;
        fprintf(stderr, "%.*s: an index is still being made ...\n", (int)making->collection.len,
                making->collection.ptr);
    }
    if (err == ERR_OK)
        printf("%-20.*s %zu indexes, %u of them refused\n", (int)making->collection.len,
               making->collection.ptr, making->count, making->refused);
    return err;
}

static enum err make_own(struct ctl *ctl, struct guard *guard)
{
    enum err err = ERR_OK;

    for (size_t i = 0; err == ERR_OK && i < BOOKKEEPING_COUNT; i++) {
        const struct bookkeeping *own = bookkeeping[i];
        err = make_one(ctl, guard,
                       &(struct making){own->collection, own->indexes, own->index_count, 0});
    }
    return err;
}

static enum err make_resources(struct ctl *ctl, struct guard *guard, const struct resource *only)
{
    enum err err = ERR_OK;

    for (size_t i = 0; err == ERR_OK && i < schema_count(ctl->schema); i++) {
        const struct resource *resource = schema_resource(ctl->schema, i);
        if (only == NULL || resource == only)
            err = make_one(ctl, guard,
                           &(struct making){resource->collection, resource->indexes,
                                            resource->index_count, 0});
    }
    return err;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    const struct resource *only = NULL;
    struct guard guard;
    enum err err;

    if (argc > 1)
        return ctl_usage("reindex takes one resource, or nothing");
    if (!ctl_load_schema(ctl))
        return CTL_FAILED;
    if (argc == 1 && (only = schema_find(ctl->schema, str_from(argv[0]))) == NULL)
        return ctl_usage("there is no resource \"%s\"", argv[0]);
    if (!ctl_open_all(ctl) || !guard_take(&guard, ctl, "reindex"))
        return CTL_FAILED;
    err = only == NULL ? make_own(ctl, &guard) : ERR_OK;
    if (err == ERR_OK)
        err = make_resources(ctl, &guard, only);
    guard_leave(&guard);
    if (err != ERR_OK)
        ctl_error("MongoDB: %s", err_text(err));
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

const struct command command_reindex = {
    .name = "reindex",
    .args = "[RESOURCE]",
    .summary = "makes the indexes that are missing in MongoDB",
    .help =
        "Of one resource, or of all and of the accounts.  Indexes that are there stay.  One at a\n"
        "time: a lock in Redis, which has to be there, keeps a second one out.\n",
    .run = run,
};
