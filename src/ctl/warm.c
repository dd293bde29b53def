/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/warm.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/app.h"
#include "app/read/ahead.h"
#include "base/clock.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "ctl/guard.h"
#include "ctl/progress.h"
#include "mongo/collection.h"

/* larderctl cache warm: fills the cache with what will be asked for first, as the workers would:
 * the newest items, and the first pages of all and of each partition.  Many look-ups are under way
 * at a time, so their commands share a round trip; what is cached already costs one. */

enum { ITEMS_DEFAULT = 1000, ITEMS_MAX = 100000, PARTITIONS_MAX = 200, AT_ONCE = 100 };

struct warming {
    struct ctl *ctl;
    struct app *app;
    const struct resource *resource;
    struct guard *guard;
    struct progress progress;
    uint32_t items;
    struct arena arena; /* of ids and partitions */
    struct str *ids;    /* canonical texts */
    size_t id_count;
    struct str partitions[PARTITIONS_MAX];
    size_t partition_count;
    size_t waiting;
    bool idle;
    uint64_t done, failed, all;
};

void warm_keys(const struct ctl *ctl, struct warm_keys *keys)
{
    const char *prefix = config_text(ctl->config, CONFIG_PREFIX);

    snprintf(keys->at, sizeof keys->at, "%s:warm:at", prefix);
    snprintf(keys->entries, sizeof keys->entries, "%s:warm:entries", prefix);
}

/* --- What there is --- */

/* Values that a client can ask for as they are. */
static void take_partition(struct warming *warming, const struct value *value)
{
    if (value->type != VALUE_STRING || warming->partition_count == PARTITIONS_MAX)
        return;
    for (size_t i = 0; i < warming->partition_count; i++)
        if (str_eq(warming->partitions[i], value->string))
            return;
    warming->partitions[warming->partition_count++] = arena_str(&warming->arena, value->string);
}

static bool take_item(void *context, const struct value *captured)
{
    struct warming *warming = context;
    char room[ID_TEXT_MAX];
    struct str id = id_text(warming->resource->id, &captured[0], room);

    if (id.len > 0 && warming->id_count < warming->items)
        warming->ids[warming->id_count++] = arena_str(&warming->arena, id);
    take_partition(warming, &captured[1]);
    return true;
}

/* The newest, where the time of creation is kept; a partition inside of others is not looked at. */
static enum err read_items(struct mongo_db *db, void *context)
{
    struct warming *warming = context;
    const struct resource *resource = warming->resource;
    const struct sort_key newest[] = {{resource->kept.created, -1}, {STR("_id"), -1}};
    bool timed = resource->kept.created.len > 0;
    bool parted = resource->partition_param < resource->param_count;
    const struct shape_field fields[] = {
        {.name = STR_INIT("_id"), .capture = true},
        {.name = parted ? resource->partition : STR(""), .capture = true}};
    const struct shape shape = {.fields = fields, .count = parted ? 2 : 1};

    return collection_each(db,
                           &(struct find){.collection = resource->collection,
                                          .sort = newest + !timed,
                                          .sort_count = timed ? 2 : 1,
                                          .limit = warming->items,
                                          .shape = &shape},
                           take_item, warming);
}

/* --- Filling --- */

static void ended(void *context, enum err err)
{
    struct warming *warming = context;

    warming->done++;
    warming->failed += err != ERR_OK;
    warming->idle = --warming->waiting == 0;
}

static void ask_item(struct warming *warming, struct str id)
{
    warming->waiting++;
    ahead_item(warming->app, warming->resource, id, ended, warming);
}

static void ask_page(struct warming *warming, struct str partition)
{
    warming->waiting++;
    ahead_page(warming->app, warming->resource, partition, ended, warming);
}

static void wait_for_all(struct warming *warming)
{
    warming->idle = warming->waiting == 0;
    ctl_wait(warming->ctl, &warming->idle);
    progress_update(&warming->progress, warming->done, warming->done, warming->all,
                    clock_mono_ms());
    guard_extend(warming->guard);
}

static void fill_all(struct warming *warming)
{
    warming->all = warming->id_count + warming->partition_count + 1;
    for (size_t i = 0; i < warming->id_count; i++) {
        ask_item(warming, warming->ids[i]);
        if ((i + 1) % AT_ONCE == 0)
            wait_for_all(warming);
    }
    wait_for_all(warming);
    ask_page(warming, STR(""));
    for (size_t i = 0; i < warming->partition_count; i++) {
        ask_page(warming, warming->partitions[i]);
        wait_for_all(warming);
    }
    wait_for_all(warming);
}

static enum err warm(struct warming *warming, uint64_t *entries)
{
    enum err err;

    arena_init(&warming->arena, NULL, 0);
    warming->ids = mem_array(warming->items, sizeof *warming->ids);
    progress_begin(&warming->progress, warming->resource->name.ptr, clock_mono_ms());
    err = mongo_run(warming->ctl->backend.mongo, read_items, warming);
    if (err == ERR_OK)
        fill_all(warming);
    progress_clear(&warming->progress);
    *entries += warming->done - warming->failed;
    if (err == ERR_OK && warming->failed > 0)
        err = ERR_UNAVAILABLE;
    arena_reset(&warming->arena);
    free(warming->ids);
    return err;
}

/* --- The command --- */

/* Both or neither. */
static void note(struct ctl *ctl, uint64_t entries)
{
    struct warm_keys keys;
    char at[24], count[24];

    warm_keys(ctl, &keys);
    snprintf(at, sizeof at, "%lld", (long long)clock_wall_ms());
    snprintf(count, sizeof count, "%llu", (unsigned long long)entries);
    (void)ctl_redis(ctl, 5,
                    (const struct str[]){STR("MSET"), str_from(keys.at), str_from(at),
                                         str_from(keys.entries), str_from(count)},
                    NULL, NULL);
}

static void is_so(void *context)
{
    *(bool *)context = true;
}

static int warm_guarded(struct ctl *ctl, struct guard *guard, uint32_t items)
{
    const struct app_config config = {.prefix = str_from(config_text(ctl->config, CONFIG_PREFIX))};
    struct backend *backend = &ctl->backend;
    struct app *app = app_new(&ctl->loop, &config, ctl->schema, backend->cache, backend->mongo,
                              backend->redis, backend->memory);
    uint64_t entries = 0;
    bool told = false, stopped = false;
    enum err err = ERR_OK;

    app_await_layouts(app, is_so, &told);
    ctl_wait(ctl, &told);
    for (size_t i = 0; err == ERR_OK && i < schema_count(ctl->schema); i++) {
        const struct resource *resource = schema_resource(ctl->schema, i);
        struct warming *warming;

        if (resource->read == ACCESS_OWNER)
            continue; /* kept under each reader's id */
        warming = mem_zalloc(sizeof *warming);
        *warming = (struct warming){
            .ctl = ctl, .app = app, .resource = resource, .guard = guard, .items = items};
        err = warm(warming, &entries);
        free(warming);
    }
    if (err == ERR_OK)
        note(ctl, entries);
    app_stop(app, is_so, &stopped);
    ctl_wait(ctl, &stopped);
    app_free(app);
    printf("%llu %s cached\n", (unsigned long long)entries,
           ctl_noun(entries, "entry is", "entries are"));
    if (err != ERR_OK)
        ctl_error("not all could be filled: %s", err_text(err));
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

static int warm_run(struct ctl *ctl, int argc, char **argv)
{
    uint64_t items = ITEMS_DEFAULT;
    struct guard guard;
    int status;

    if (argc > 1 || (argc == 1 && str_uint(str_from(argv[0]), 1, ITEMS_MAX, &items) != ERR_OK))
        return ctl_usage("cache warm takes how many items of each kind, 1 to %d", ITEMS_MAX);
    if (!ctl_load_schema(ctl) || !ctl_open_all(ctl) || !guard_take(&guard, ctl, "warm"))
        return CTL_FAILED;
    status = warm_guarded(ctl, &guard, (uint32_t)items);
    guard_leave(&guard);
    return status;
}

const struct command command_cache_warm = {
    .name = "cache warm",
    .args = "[ITEMS]",
    .summary = "fills the cache with what will be asked for first",
    .help = "The newest ITEMS (1000) of each resource, and the first pages of all and of each\n"
            "partition.  What each reader sees their own of is left out.  One at a time: a lock\n"
            "in Redis keeps a second one out.\n",
    .run = warm_run,
};
