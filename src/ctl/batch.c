/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/batch.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/write/body.h"
#include "base/hash.h"
#include "base/mem.h"

/* No time that a record can have: stands for the time of loading while the id is made. */
#define NO_TIME INT64_MIN
enum { TEXT_MAX = 4 << 20, PARTS = 2 };

struct item {
    struct draft draft;
    struct oid id;
    bool there; /* in the collection already */
    enum err err;
};

/* A share of the records that one thread sends. */
struct part {
    struct batch *batch;
    struct mongo_job job;
    size_t from, count;
};

struct batch {
    struct ctl *ctl;
    const struct resource *resource;
    struct arena arena;
    struct item items[BATCH_RECORDS];
    size_t count, bytes;
    struct str tags[CACHE_WRITE_TAGS_MAX]; /* of what is to be written */
    size_t tag_count;
    struct str scopes[CACHE_WRITE_TAGS_MAX]; /* of all that was taken in */
    size_t scope_count;
    struct buf text;
    bool look_first; /* some of the last batch were there already */

    /* Of the write under way. */
    struct document documents[BATCH_RECORDS];
    struct item *sent[BATCH_RECORDS];
    enum err errs[BATCH_RECORDS];
    size_t sent_count;
    struct cache_write write;
    struct part parts[PARTS];
    unsigned working, held; /* parts without an outcome, and parts still in use */
    enum err err;
    bool happened, ended, released;
};

struct batch *batch_new(struct ctl *ctl, const struct resource *resource)
{
    struct batch *batch = mem_zalloc(sizeof *batch);

    batch->ctl = ctl;
    batch->resource = resource;
    batch->look_first = true;
    arena_init(&batch->arena, NULL, 0);
    buf_init(&batch->text, TEXT_MAX);
    return batch;
}

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    arena_reset(&batch->arena);
    buf_free(&batch->text);
    free(batch);
}

/* --- Taking in --- */

/* The first bytes of the SHA-256 of collection and content. */
static struct oid content_id(struct batch *batch, const struct draft *draft)
{
    unsigned char digest[SHA256_SIZE];
    struct oid id;

    buf_reset(&batch->text);
    buf_str(&batch->text, batch->resource->name);
    buf_char(&batch->text, '\n');
    draft_json(batch->resource, draft, &batch->text);
    sha256(buf_view(&batch->text), digest);
    memcpy(id.bytes, digest, OID_SIZE);
    return id;
}

/* The version begins with the time, since a record that was deleted comes back under the same id,
 * and must not have an entity tag that it had before. */
static void set_times(struct draft *draft, int64_t now_ms)
{
    for (size_t i = 0; i < draft->count; i++) {
        struct value *value = &draft->items[i].value;

        if (value->type == VALUE_DATE && value->integer == NO_TIME)
            value->integer = now_ms;
        else if (str_eq(draft->items[i].field, STR("version")))
            *value = value_int(now_ms);
    }
}

static void take_scope(struct batch *batch, const struct draft *draft)
{
    const struct value *value = draft_value(draft, batch->resource->scope);

    if (value == NULL || value->type != VALUE_STRING)
        return;
    for (size_t i = 0; i < batch->scope_count; i++)
        if (str_eq(batch->scopes[i], value->string))
            return;
    batch->scopes[batch->scope_count++] = value->string;
}

enum err batch_add(struct batch *batch, struct str json, int64_t now_ms, struct problem *problem)
{
    struct item *item = &batch->items[batch->count];
    json_t *root = NULL;
    enum err err;

    problem_init(problem, &batch->arena);
    err = body_parse(json, false, problem, &root);
    if (err == ERR_OK)
        err = validate(batch->resource, root, VALIDATE_CREATE, NO_TIME, &batch->arena, problem,
                       &item->draft);
    json_decref(root);
    if (err != ERR_OK)
        return ERR_INVALID;
    item->draft.items[0].value = value_oid((struct oid){{0}});
    item->id = content_id(batch, &item->draft);
    item->draft.items[0].value = value_oid(item->id);
    item->there = false;
    item->err = ERR_OK;
    set_times(&item->draft, now_ms);
    take_scope(batch, &item->draft);
    batch->bytes += json.len;
    batch->count++;
    return ERR_OK;
}

/* One more record may bring a scope and a tag of its own; the collection's tag is the last. */
bool batch_full(const struct batch *batch)
{
    return batch->count == BATCH_RECORDS || batch->bytes >= BATCH_BYTES ||
           batch->count + batch->scope_count + 3 > CACHE_WRITE_TAGS_MAX;
}

/* --- What is there already --- */

static const struct shape_field id_field[] = {{STR_INIT("_id"), .capture = true}};
static const struct shape id_shape = SHAPE(id_field);

static void mark_there(struct batch *batch, const struct oid *id)
{
    for (size_t i = 0; i < batch->count; i++)
        if (memcmp(&batch->items[i].id, id, sizeof *id) == 0)
            batch->items[i].there = true;
}

static bool take_there(void *context, const struct value *captured)
{
    if (captured[0].type == VALUE_OID)
        mark_there(context, &captured[0].oid);
    return true;
}

static enum err look(struct mongo_db *db, void *context)
{
    struct batch *batch = context;
    struct value *ids = mem_array(batch->count, sizeof *ids);
    struct condition which = {
        .field = STR("_id"), .op = OP_IN, .value = value_list(ids, batch->count)};
    struct find find = {.collection = batch->resource->name,
                        .conditions = &which,
                        .condition_count = 1,
                        .shape = &id_shape};
    enum err err;

    for (size_t i = 0; i < batch->count; i++)
        ids[i] = value_oid(batch->items[i].id);
    err = collection_each(db, &find, take_there, batch);
    free(ids);
    return err;
}

/* The same record twice in one batch: the second is there already. */
static void mark_repeated(struct batch *batch)
{
    for (size_t i = 1; i < batch->count; i++)
        for (size_t j = 0; j < i && !batch->items[i].there; j++)
            batch->items[i].there =
                memcmp(&batch->items[i].id, &batch->items[j].id, sizeof(struct oid)) == 0;
}

/* --- Writing --- */

static struct str tag(struct batch *batch, struct str first, struct str rest)
{
    return ARENA_JOIN(&batch->arena, first, STR(":"), rest);
}

static void prepare(struct batch *batch)
{
    char hex[OID_HEX_SIZE];

    batch->tag_count = batch->sent_count = 0;
    batch->tags[batch->tag_count++] = batch->resource->name;
    for (size_t i = 0; i < batch->scope_count; i++)
        batch->tags[batch->tag_count++] = tag(batch, batch->resource->name, batch->scopes[i]);
    for (size_t i = 0; i < batch->count; i++) {
        struct item *item = &batch->items[i];

        if (item->there)
            continue;
        oid_text(&item->id, hex);
        batch->tags[batch->tag_count++] =
            tag(batch, batch->resource->singular, str_make(hex, sizeof hex));
        batch->documents[batch->sent_count] =
            (struct document){item->draft.items, item->draft.count};
        batch->sent[batch->sent_count++] = item;
    }
}

static enum err insert(struct mongo_db *db, void *context)
{
    struct part *part = context;
    struct batch *batch = part->batch;

    if (!cache_write_in_time(&batch->write))
        return ERR_UNAVAILABLE;
    return collection_insert_many(db, batch->resource->name, batch->documents + part->from,
                                  part->count, batch->errs + part->from);
}

/* What the cache is told: whether anything happened, or may have. */
static void end_write(struct batch *batch)
{
    enum err outcome = batch->happened ? ERR_OK : batch->err;

    cache_write_end(&batch->write, batch->err == ERR_UNKNOWN ? ERR_UNKNOWN : outcome);
}

static void on_inserted(void *context, enum err err)
{
    struct part *part = context;
    struct batch *batch = part->batch;

    for (size_t i = part->from; err == ERR_OK && i < part->from + part->count; i++)
        if (batch->errs[i] == ERR_UNKNOWN)
            err = ERR_UNKNOWN;
    batch->happened = batch->happened || err == ERR_OK;
    if (batch->err == ERR_OK || err == ERR_UNKNOWN)
        batch->err = err;
    if (--batch->working == 0)
        end_write(batch);
}

static void on_released(void *context)
{
    struct batch *batch = ((struct part *)context)->batch;

    batch->released = --batch->held == 0;
}

static void submit(struct part *part)
{
    part->job = (struct mongo_job){.work = insert,
                                   .done = on_inserted,
                                   .release = on_released,
                                   .context = part,
                                   .write = true};
    mongo_submit_or_tell(part->batch->ctl->backend.mongo, &part->job);
}

static void on_ready(struct cache_write *write, enum err err)
{
    struct batch *batch = write->context;
    size_t share = (batch->sent_count + PARTS - 1) / PARTS;
    unsigned count = 0;

    if (err != ERR_OK) {
        batch->err = err;
        batch->ended = batch->released = true;
        return;
    }
    for (size_t from = 0; from < batch->sent_count; from += share) {
        size_t left = batch->sent_count - from;

        batch->parts[count++] =
            (struct part){.batch = batch, .from = from, .count = left < share ? left : share};
    }
    batch->working = batch->held = count;
    for (unsigned i = 0; i < count; i++)
        submit(&batch->parts[i]);
}

static void on_done(struct cache_write *write)
{
    struct batch *batch = write->context;

    if (batch->err == ERR_OK)
        batch->err = write->err;
    batch->ended = true;
}

static void write_fenced(struct batch *batch)
{
    batch->err = ERR_OK;
    batch->happened = batch->ended = batch->released = false;
    batch->write = (struct cache_write){.tags = batch->tags,
                                        .tag_count = batch->tag_count,
                                        .ready = on_ready,
                                        .done = on_done,
                                        .context = batch};
    cache_write_begin(batch->ctl->backend.cache, &batch->write);
    ctl_wait(batch->ctl, &batch->ended);
    ctl_wait(batch->ctl, &batch->released);
}

static void count(struct batch *batch, struct batch_outcome *outcome)
{
    uint64_t existed = batch->count - batch->sent_count;

    for (size_t i = 0; i < batch->sent_count; i++) {
        if (batch->errs[i] == ERR_OK) {
            outcome->added++;
        } else if (batch->errs[i] == ERR_EXISTS) {
            existed++;
        } else {
            outcome->failed++;
            batch->err = batch->errs[i];
        }
    }
    outcome->existed += existed;
    batch->look_first = existed > 0;
}

enum err batch_write(struct batch *batch, struct batch_outcome *outcome)
{
    enum err err = ERR_OK;

    if (batch->look_first && batch->count > 0)
        err = mongo_run(batch->ctl->backend.mongo, look, batch);
    mark_repeated(batch);
    prepare(batch);
    batch->err = err;
    if (err == ERR_OK && batch->sent_count > 0)
        write_fenced(batch);
    if (batch->err == ERR_OK)
        count(batch, outcome);
    err = batch->err;
    batch->count = batch->bytes = batch->scope_count = 0;
    arena_reset(&batch->arena);
    return err;
}
