/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/batch.h"

#include <stdlib.h>

#include "app/people/users.h"
#include "app/refused.h"
#include "app/write/body.h"
#include "app/write/duplicate.h"
#include "app/write/unchanged.h"
#include "base/mem.h"
#include "ctl/batch_item.h"
#include "ctl/ctl_write.h"

/* CHANGES: in one fenced write, so that it is over before its fence; each has two tags. */
enum { PARTS = 2, CHANGES = 64, TRIES = 5 };

struct batch *batch_new(struct ctl *ctl, const struct batch_config *config)
{
    struct batch *batch = mem_zalloc(sizeof *batch);

    batch->ctl = ctl;
    batch->config = *config;
    batch->look_first = true;
    arena_init(&batch->arena, NULL, 0);
    arena_init(&batch->plan_arena, NULL, 0);
    plan_init(&batch->plan, config->resource, &batch->plan_arena);
    return batch;
}

static void empty(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        json_decref(batch->items[i].root);
    batch->count = batch->bytes = 0;
    arena_reset(&batch->arena);
}

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    empty(batch);
    arena_reset(&batch->plan_arena);
    free(batch);
}

/* --- Taking in --- */

static void reject(struct batch *batch, const struct batch_item *item)
{
    batch->rejected++;
    batch->config.reject(batch->config.context, item->line, &item->problem);
}

static enum err batch_take(struct batch *batch, struct batch_item *item, struct str json)
{
    const struct batch_config *config = &batch->config;
    json_t *root;
    enum err err = body_parse(json, false, &item->problem, &root);

    if (err != ERR_OK)
        return err;
    if (config->key_count == 0) {
        err = batch_item_make(item, &batch->plan, root, true, &batch->arena);
        json_decref(root);
        return err;
    }
    item->root = root;
    err = batch_item_change(item, config->resource, config->keys, config->key_count, &batch->arena);
    if (err != ERR_OK)
        json_decref(root);
    return err;
}

void batch_add(struct batch *batch, struct str json, uint64_t line, int64_t now_ms)
{
    struct batch_item *item = &batch->items[batch->count];

    *item = (struct batch_item){.line = line, .now_ms = now_ms};
    problem_init(&item->problem, &batch->arena);
    batch->bytes += json.len;
    if (batch_take(batch, item, json) == ERR_OK)
        batch->count++;
    else
        reject(batch, item);
}

bool batch_full(const struct batch *batch)
{
    return batch->count == BATCH_RECORDS || batch->bytes >= BATCH_BYTES;
}

/* --- One fenced write --- */

struct tags {
    struct str items[CACHE_WRITE_TAGS_MAX];
    size_t count;
};

static void add_tag(struct tags *tags, struct str tag)
{
    for (size_t i = 0; i < tags->count; i++)
        if (str_eq(tags->items[i], tag))
            return;
    tags->items[tags->count++] = tag;
}

/* Workers may know other partitions than this file, so that of all of them is moved. */
static void tags_begin(struct tags *tags, struct batch *batch)
{
    _Static_assert(BATCH_RECORDS + 2 <= CACHE_WRITE_TAGS_MAX &&
                       2 * CHANGES + 2 <= CACHE_WRITE_TAGS_MAX,
                   "tags of all records");

    tags->count = 0;
    add_tag(tags, batch->config.resource->name);
    add_tag(tags, plan_all_partitions(&batch->plan, &batch->arena));
}

static void tags_item(struct tags *tags, struct batch *batch, struct str id)
{
    add_tag(tags, plan_item_tag(&batch->plan, id, &batch->arena));
}

static void tags_owner(struct tags *tags, struct batch *batch, const struct batch_item *item)
{
    struct str field = batch->config.resource->kept.owner;
    struct value owner;

    if (field.len > 0 && document_value(item->before, field, false, &owner) == ERR_OK &&
        owner.type == VALUE_OID)
        add_tag(tags, owner_tag(&owner.oid, arena_alloc(&batch->arena, PROFILE_NAME_MAX)));
}

/* Not about one record. */
static bool is_fatal(enum err err)
{
    return err == ERR_UNKNOWN || err == ERR_UNAVAILABLE || err == ERR_DENIED ||
           err == ERR_TIMEOUT || err == ERR_BUSY || err == ERR_READ_ONLY;
}

/* --- New ones --- */

struct inserting {
    struct batch *batch;
    struct batch_item *items[BATCH_RECORDS];
    struct document documents[BATCH_RECORDS];
    enum err errs[BATCH_RECORDS];
    struct refusal *refusals[BATCH_RECORDS]; /* of those that have one */
    size_t from, count;
};

/* The batch's arena is not for several threads. */
static void keep_refusal(void *context, size_t place, const struct refusal *refusal)
{
    struct inserting *inserting = context;

    inserting->refusals[place] = mem_zalloc(sizeof *refusal);
    *inserting->refusals[place] = *refusal;
}

static void take_refusals(struct inserting *inserting)
{
    for (size_t i = 0; i < inserting->count; i++) {
        if (inserting->refusals[i] != NULL)
            refused_errors(inserting->refusals[i], &inserting->items[i]->problem);
        free(inserting->refusals[i]);
    }
}

static enum err batch_insert(struct mongo_db *db, struct ctl_part *part)
{
    struct inserting *inserting = part->context;
    const struct outcomes outcomes = {inserting->errs, keep_refusal, inserting};
    enum err err = collection_insert_many(db, inserting->batch->config.resource->collection,
                                          inserting->documents, inserting->count, &outcomes);

    for (size_t i = 0; err == ERR_OK && i < inserting->count; i++) {
        inserting->items[i]->err = inserting->errs[i];
        if (is_fatal(inserting->errs[i]))
            err = inserting->errs[i];
    }
    return err;
}

/* Those that are new, in as many parts as there are threads for them. */
static enum err insert_new(struct batch *batch)
{
    struct inserting *all = mem_array(PARTS, sizeof *all);
    struct ctl_part parts[PARTS];
    struct tags tags;
    size_t count = 0, used;
    enum err err = ERR_OK;

    tags_begin(&tags, batch);
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_item *item = &batch->items[i];
        struct inserting *part = &all[count % PARTS];
        if (item->state != BATCH_NEW || item->problem.count > 0)
            continue;
        tags_item(&tags, batch, item->id);
        part->items[part->count] = item;
        part->documents[part->count++] = item->document;
        count++;
    }
    used = count < PARTS ? count : PARTS;
    for (size_t i = 0; i < used; i++) {
        all[i].batch = batch;
        parts[i] = (struct ctl_part){.work = batch_insert, .context = &all[i]};
    }
    if (used > 0)
        err = ctl_write_parts(batch->ctl, tags.items, tags.count, parts, used);
    for (size_t i = 0; i < used; i++)
        take_refusals(&all[i]);
    free(all);
    return err;
}

/* --- Changed ones --- */

struct changing {
    struct batch *batch;
    struct batch_item *items[CHANGES];
    size_t count;
};

/* The condition is all that bears on it, as it was read. */
static enum err change_one(struct mongo_db *db, struct batch *batch, struct batch_item *item)
{
    const struct resource *resource = batch->config.resource;
    struct unchanged unchanged;
    struct update update = {.collection = resource->collection,
                            .assignments = item->draft.items,
                            .assignment_count = item->draft.count};
    int64_t met = 0;
    enum err err;

    unchanged_init(&unchanged, item->before, &batch->arena);
    unchanged_add(&unchanged, STR("_id"), OP_EQ, id_value(resource->id, item->id));
    for (size_t i = 0; i < item->draft.count; i++)
        unchanged_path(&unchanged, item->draft.items[i].field);
    if (resource->partition.len > 0)
        unchanged_path(&unchanged, resource->partition);
    update.conditions = unchanged.items;
    update.condition_count = unchanged.count;
    err = collection_update(db, &update, &met);
    return err == ERR_OK && met == 0 ? ERR_NOT_FOUND : err;
}

static enum err change(struct mongo_db *db, struct ctl_part *part)
{
    struct changing *changing = part->context;
    struct refusal refusal;

    for (size_t i = 0; i < changing->count; i++) {
        struct batch_item *item = changing->items[i];
        item->err = cache_write_in_time(part->write) ? change_one(db, changing->batch, item)
                                                     : ERR_NOT_FOUND; /* once more */
        if (item->err == ERR_REFUSED) {
            refusal_take(&refusal);
            refused_errors(&refusal, &item->problem);
        }
        if (is_fatal(item->err))
            return item->err;
    }
    return ERR_OK;
}

static enum err write_changes(struct batch *batch, struct changing *changing, struct tags *tags)
{
    struct ctl_part part = {.work = change, .context = changing};
    enum err err = ctl_write_parts(batch->ctl, tags->items, tags->count, &part, 1);

    changing->count = 0;
    tags_begin(tags, batch);
    return err;
}

static enum err change_all(struct batch *batch)
{
    struct changing changing = {.batch = batch};
    struct tags tags;
    enum err err = ERR_OK;

    tags_begin(&tags, batch);
    for (size_t i = 0; err == ERR_OK && i < batch->count; i++) {
        struct batch_item *item = &batch->items[i];
        if (item->state != BATCH_CHANGED || item->problem.count > 0)
            continue;
        tags_item(&tags, batch, item->id);
        tags_owner(&tags, batch, item);
        changing.items[changing.count++] = item;
        if (changing.count == CHANGES)
            err = write_changes(batch, &changing, &tags);
    }
    return err == ERR_OK && changing.count > 0 ? write_changes(batch, &changing, &tags) : err;
}

/* --- What has become of them --- */

static enum err find_duplicates(struct mongo_db *db, void *context)
{
    struct batch *batch = context;

    for (size_t i = 0; i < batch->count; i++) {
        struct batch_item *item = &batch->items[i];
        struct str bytes = item->bytes;
        struct buf after = BUF_INIT(32 << 20);

        if (item->err != ERR_EXISTS || item->state == BATCH_DONE)
            continue;
        if (item->state == BATCH_CHANGED && collection_preview(item->before, item->draft.items,
                                                               item->draft.count, &after) == ERR_OK)
            bytes = buf_view(&after);
        duplicate_find(db, batch->config.resource, bytes, item->state == BATCH_NEW, &item->problem);
        buf_free(&after);
    }
    return ERR_OK;
}

static bool has_error(const struct problem *problem, struct str field)
{
    for (size_t i = 0; i < problem->count; i++)
        if (str_eq(problem->errors[i].field, field))
            return true;
    return false;
}

/* Made by others since it was looked for: once more. */
static void again(struct batch *batch, struct batch_item *item)
{
    const struct batch_config *config = &batch->config;

    item->problem.count = 0;
    item->err = ERR_OK;
    item->id = STR("");
    item->state = BATCH_WAITING;
    (void)batch_item_change(item, config->resource, config->keys, config->key_count, &batch->arena);
}

static bool is_late(const struct batch *batch, const struct batch_item *item)
{
    if (item->err == ERR_NOT_FOUND)
        return true;
    for (size_t i = 0;
         item->err == ERR_EXISTS && item->state == BATCH_NEW && i < batch->config.key_count; i++)
        if (has_error(&item->problem, batch->config.keys[i]))
            return true;
    return false;
}

static void batch_finish(struct batch *batch, struct batch_item *item,
                         struct batch_outcome *outcome)
{
    bool there = batch->config.key_count == 0 && item->err == ERR_EXISTS &&
                 has_error(&item->problem, STR("_id"));

    if (item->err != ERR_OK && item->problem.count == 0)
        problem_add(&item->problem, STR("body"),
                    item->err == ERR_NOT_FOUND ? STR("is changed by others all the time")
                    : item->err == ERR_EXISTS  ? STR("is kept out by a unique index")
                                               : STR("is refused by the database"));
    if (item->problem.count > 0 && !there)
        reject(batch, item);
    else if (item->state == BATCH_NEW && !there)
        outcome->added++;
    else if (item->state == BATCH_CHANGED)
        outcome->changed++;
    else
        outcome->existed++;
    item->state = BATCH_DONE;
    json_decref(item->root);
    item->root = NULL;
}

/* Those of one round; gives how many are over.  The last round waits for nobody. */
static size_t finish_all(struct batch *batch, bool last, struct batch_outcome *outcome,
                         bool *waiting)
{
    size_t finished = 0;

    for (size_t i = 0; i < batch->count; i++) {
        struct batch_item *item = &batch->items[i];
        if (item->state == BATCH_DONE || item->state == BATCH_WAITING)
            continue;
        if (!last && batch->config.key_count > 0 && is_late(batch, item)) {
            again(batch, item);
        } else {
            batch_finish(batch, item, outcome);
            finished++;
        }
    }
    *waiting = false;
    for (size_t i = 0; i < batch->count; i++)
        *waiting = *waiting || batch->items[i].state == BATCH_WAITING;
    return finished;
}

/* --- All of them --- */

static enum err look(struct mongo_db *db, void *context)
{
    return batch_match(db, context);
}

static enum err write_round(struct batch *batch)
{
    struct mongo *mongo = batch->ctl->backend.mongo;
    enum err err = mongo_run(mongo, look, batch);

    if (err == ERR_OK)
        err = insert_new(batch);
    if (err == ERR_OK)
        err = change_all(batch);
    return err == ERR_OK ? mongo_run(mongo, find_duplicates, batch) : err;
}

enum err batch_write(struct batch *batch, struct batch_outcome *outcome)
{
    uint64_t existed = outcome->existed;
    bool waiting = batch->count > 0;
    enum err err = ERR_OK;

    for (int tries = 0; err == ERR_OK && waiting; tries++) {
        err = write_round(batch);
        if (err == ERR_OK && finish_all(batch, tries == TRIES, outcome, &waiting) > 0)
            tries = 0;
    }
    batch->look_first = outcome->existed > existed;
    outcome->rejected += batch->rejected;
    batch->rejected = 0;
    empty(batch);
    return err;
}
