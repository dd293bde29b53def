/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "app/indexes.h"
#include "ctl/guard.h"

/* larderctl reindex: makes the indexes that are missing, as each worker does when it starts, but
 * waits for them and says what became of them. */

struct making {
    const struct resource *resource;
    unsigned refused;
};

static enum err make(struct mongo_db *db, void *context)
{
    struct making *making = context;

    return indexes_ensure(db, making->resource, &making->refused);
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
            return err;
        fprintf(stderr, "%.*s: an index is still being made ...\n", (int)making->resource->name.len,
                making->resource->name.ptr);
    }
}

static enum err make_all(struct ctl *ctl, struct guard *guard)
{
    enum err err = ERR_OK;

    for (size_t i = 0; err == ERR_OK && i < INDEXED_COUNT; i++) {
        struct making making = {.resource = indexed[i]};

        err = make_one(ctl, guard, &making);
        if (err == ERR_OK)
            printf("%-12.*s %zu indexes, %u of them refused\n", (int)indexed[i]->name.len,
                   indexed[i]->name.ptr, indexed[i]->index_count, making.refused);
    }
    return err;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct guard guard;
    enum err err;

    (void)argv;
    if (argc != 0)
        return ctl_usage("reindex takes nothing");
    if (!ctl_open_all(ctl) || !guard_take(&guard, ctl, "reindex"))
        return CTL_FAILED;
    err = make_all(ctl, &guard);
    guard_leave(&guard);
    if (err != ERR_OK)
        ctl_error("MongoDB: %s", err_text(err));
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

const struct command command_reindex = {
    .name = "reindex",
    .args = "",
    .summary = "makes the indexes that are missing in MongoDB",
    .help = "Indexes that are there stay.  One at a time: a lock in Redis, which has to be there, "
            "keeps a\nsecond one out.\n",
    .run = run,
};
