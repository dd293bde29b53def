/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "app/indexes.h"
#include "ctl/ctl.h"

/* larderctl resource list */

enum { COUNT_MS = 30000 };

struct listing {
    const struct schema *schema;
    const struct resource *resource;
};

static void show_missing(const struct resource *resource, const struct index_state *state)
{
    for (size_t i = 0; i < resource->index_count; i++)
        if (!state->there[i])
            printf("  index missing: %.*s\n", (int)resource->indexes[i].keys.len,
                   resource->indexes[i].keys.ptr);
}

static void show_unneeded(void *context, struct str name)
{
    (void)context;
    printf("  index needed no longer: %.*s\n", (int)name.len, name.ptr);
}

static enum err show(struct mongo_db *db, void *context)
{
    const struct listing *listing = context;
    const struct resource *resource = listing->resource;
    struct str file = schema_file(listing->schema, resource);
    struct index_state state;
    int64_t total = 0;
    enum err err = collection_count(db, resource->collection, NULL, 0, COUNT_MS, &total);

    if (err == ERR_OK)
        err = indexes_look(db, resource, &state);
    if (err != ERR_OK)
        return err;
    printf("%.*s  collection %.*s, %lld %s, %zu of %zu indexes, %.*s\n", (int)resource->name.len,
           resource->name.ptr, (int)resource->collection.len, resource->collection.ptr,
           (long long)total, ctl_noun((uint64_t)total, "document", "documents"),
           resource->index_count - state.missing, resource->index_count, (int)file.len, file.ptr);
    show_missing(resource, &state);
    return indexes_unneeded(db, resource, show_unneeded, NULL);
}

static int resource_list_run(struct ctl *ctl, int argc, char **argv)
{
    enum err err = ERR_OK;

    (void)argv;
    if (argc != 0)
        return ctl_usage("resource list takes nothing");
    if (!ctl_load_schema(ctl) || !ctl_open_mongo(ctl))
        return CTL_FAILED;
    for (size_t i = 0; err == ERR_OK && i < schema_count(ctl->schema); i++) {
        struct listing listing = {ctl->schema, schema_resource(ctl->schema, i)};
        err = mongo_run(ctl->backend.mongo, show, &listing);
    }
    if (err != ERR_OK)
        ctl_error("MongoDB: %s", err_text(err));
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

const struct command command_resource_list = {
    .name = "resource list",
    .args = "",
    .summary = "lists what is served, from where, and which indexes are missing",
    .help = "Also those that Larder has made and that are needed no longer.  `larderctl reindex`\n"
            "makes what is missing, and with --drop removes the others.\n",
    .run = resource_list_run,
};
