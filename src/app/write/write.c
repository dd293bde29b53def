/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/write.h"

#include <stdlib.h>

#include "app/layout.h"
#include "app/people/users.h"
#include "app/write/body.h"
#include "app/write/parsing.h"
#include "base/clock.h"
#include "base/mem.h"

void *write_new(size_t size, struct app *app, const struct plan *plan, struct request *request)
{
    struct write *write = mem_zalloc(size);

    write->app = app;
    write->plan = plan;
    write->request = request;
    write->users = 1;
    write->cache.context = write;
    arena_init(&write->arena, NULL, 0);
    return write;
}

void write_use(struct write *write)
{
    write->users++;
}

void write_release(void *context)
{
    struct write *write = context;

    if (--write->users > 0)
        return;
    if (write->destroy != NULL)
        write->destroy(write);
    arena_reset(&write->arena);
    free(write);
}

void write_done(struct write *write)
{
    write_release(write);
}

void write_fail(struct write *write, enum err err)
{
    if (err == ERR_NOT_FOUND)
        problem_send(write->request, 404, write->plan->resource->absent, NULL);
    else if (refused_is(err))
        refused_send(write->request, err, &write->refusal);
    else
        problem_send_err(write->request, database_err(err));
    write_done(write);
}

static size_t find_tag(const struct write *write, struct str tag)
{
    size_t i = 0;

    while (i < write->cache.tag_count && !str_eq(write->tags[i], tag))
        i++;
    return i;
}

void write_tag(struct write *write, struct str tag)
{
    if (tag.len > 0 && find_tag(write, tag) == write->cache.tag_count)
        write->tags[write->cache.tag_count++] = tag;
}

/* --- Tags and totals --- */

/* Beyond so many partitions all of them are moved; the others are items, whom each belongs to,
 * their collection, and that of all partitions. */
enum { PARTITIONS_MAX = CACHE_WRITE_TAGS_MAX - 2 * BULK_MAX - 2 };

void write_room(struct write *write)
{
    write->tags = arena_alloc(&write->arena, CACHE_WRITE_TAGS_MAX * sizeof write->tags[0]);
    write->totals = arena_alloc(&write->arena, CACHE_WRITE_TOTALS_MAX * sizeof write->totals[0]);
    write->cache.tag_count = write->cache.total_count = write->partitions = 0;
}

void write_tag_item(struct write *write, struct str id)
{
    write_tag(write, plan_item_tag(write->plan, id, &write->arena));
}

void write_tag_owner(struct write *write, const struct value *owner)
{
    if (owner->type == VALUE_OID)
        write_tag(write, owner_tag(&owner->oid, arena_alloc(&write->arena, PROFILE_NAME_MAX)));
}

/* The total of the filter that chooses what is under a tag; where there is no room for it, or no
 * filter, it is void after the write. */
static void add_total(struct write *write, struct str tag, struct str filter)
{
    if (write->cache.total_count < CACHE_WRITE_TOTALS_MAX)
        write->totals[write->cache.total_count++] = (struct cache_total){
            plan_total_name(write->plan, filter, &write->arena), find_tag(write, tag), 0};
}

/* Totals of partitions have its tag too, and would not be valid with it moved: that of the
 * collection is the first, and stays. */
static void tag_all_partitions(struct write *write)
{
    write_tag(write, plan_all_partitions(write->plan, &write->arena));
    write->cache.total_count = 1;
    write->partitions = PARTITIONS_MAX;
}

/* Workers that know another partition have lists by it, also where this one knows none. */
void write_tag_collection(struct write *write)
{
    write_tag(write, write->plan->resource->name);
    add_total(write, write->plan->resource->name, STR(""));
    if (!layouts_agree(write->app->layouts, write->plan->resource))
        tag_all_partitions(write);
}

void write_tag_all_partitions(struct write *write)
{
    if (write->plan->resource->partition.len > 0)
        tag_all_partitions(write);
}

static void tag_partition(void *context, struct str tag, struct str filter)
{
    struct write *write = context;
    size_t count = write->cache.tag_count;

    if (write->partitions == PARTITIONS_MAX) {
        tag_all_partitions(write);
        return;
    }
    write_tag(write, tag);
    if (write->cache.tag_count == count)
        return;
    write->partitions++;
    if (filter.len > 0)
        add_total(write, tag, filter);
}

void write_tag_partitions(struct write *write, struct str document)
{
    plan_each_partition(write->plan, document, &write->arena, tag_partition, write);
}

/* Of one document: a partition counts it once. */
struct count {
    struct write *write;
    int by;
    bool counted[CACHE_WRITE_TOTALS_MAX];
};

static void count_filter(struct count *count, struct str filter)
{
    struct write *write = count->write;
    struct str name = plan_total_name(write->plan, filter, &write->arena);

    for (size_t i = 0; i < write->cache.total_count; i++)
        if (!count->counted[i] && str_eq(write->totals[i].name, name)) {
            write->totals[i].delta += count->by;
            count->counted[i] = true;
        }
}

static void count_partition(void *context, struct str tag, struct str filter)
{
    (void)tag;
    if (filter.len > 0)
        count_filter(context, filter);
}

void write_count(struct write *write, struct str document, int by)
{
    struct count count = {.write = write, .by = by};

    count_filter(&count, STR(""));
    plan_each_partition(write->plan, document, &write->arena, count_partition, &count);
}

void write_own(struct write *write, struct str id, struct str document)
{
    struct str mark = document.len > 0 ? plan_own(write->plan, id, document, &write->arena)
                                       : plan_own_removal(write->plan, id, &write->arena);

    if (write->own == NULL)
        write->own = arena_alloc(&write->arena, CACHE_WRITE_OWN_MAX * sizeof *write->own);
    if (mark.len > 0 && write->cache.own_count < CACHE_WRITE_OWN_MAX)
        write->own[write->cache.own_count++] = mark;
    write->cache.own = write->own;
}

/* --- The steps --- */

static void ended(struct cache_write *cache)
{
    struct write *write = cache->context;
    enum err err = write->outcome == ERR_OK ? cache->err : write->outcome;

    if (err == ERR_OK)
        write->answer(write);
    else if (write->failed != NULL)
        write->failed(write, err);
    else
        write_fail(write, err);
}

/* A write that MongoDB gave no time to answer may have happened. */
static void worked(void *context, enum err err)
{
    struct write *write = context;

    write->outcome = err == ERR_TIMEOUT ? ERR_UNKNOWN : err;
    cache_write_end(&write->cache, write->outcome);
}

static enum err work(struct mongo_db *db, void *context)
{
    struct write *write = context;
    enum err err = cache_write_in_time(&write->cache) ? write->work(db, write) : ERR_BUSY;

    if (refused_is(err))
        refusal_take(&write->refusal);
    return err;
}

static void ready(struct cache_write *cache, enum err err)
{
    struct write *write = cache->context;

    if (err != ERR_OK) {
        write_fail(write, err);
        return;
    }
    write->job = (struct mongo_job){.work = work,
                                    .done = worked,
                                    .release = write_release,
                                    .context = write,
                                    .deadline_ms = clock_mono_ms() + WRITE_MS,
                                    .write = true};
    write_use(write);
    mongo_submit_or_tell(write->app->mongo, &write->job);
}

void write_start(struct write *write)
{
    /* Nothing would be written, and what is still answered from the cache would be void. */
    if (!mongo_up(write->app->mongo)) {
        write_fail(write, ERR_UNAVAILABLE);
        return;
    }
    write->cache.tags = write->tags;
    write->cache.totals = write->totals;
    write->cache.ready = ready;
    write->cache.done = ended;
    cache_write_begin(write->app->cache, &write->cache);
}

/* The bytes stay for this call, and request_finish() at its end needs them no longer. */
void write_send(struct write *write, unsigned status, struct str json)
{
    static const struct str before = STR_INIT("{\"success\":true,\"data\":");
    static const struct str instead =
        STR_INIT("{\"success\":true,\"message\":\"Written, and too large to be shown\"}");
    struct response *response = &write->request->response;

    response->status = status;
    response_header_lit(response, "Content-Type", "application/json; charset=utf-8");
    response_header_lit(response, "Cache-Control", "no-store");
    if (before.len + json.len < RESPONSE_BODY_MAX) {
        response_part(response, before);
        response_part(response, json);
        response_part(response, STR("}"));
    } else {
        response_part(response, instead);
    }
    request_finish(write->request);
}

json_t *write_body(struct request *request, bool allow_array, struct problem *problem)
{
    const struct visit *visit = request->state;
    json_t *root;
    enum err err;

    problem_init(problem, &request->arena);
    if (visit != NULL && visit->parsing != NULL)
        err = parsing_take(visit->parsing, allow_array, problem, &root);
    else
        err = body_parse(request->body, allow_array, problem, &root);
    if (err == ERR_OK)
        return root;
    problem_send(request, 400, STR("Invalid JSON"), problem);
    return NULL;
}
