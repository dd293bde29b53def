/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/write.h"

#include <stdlib.h>

#include "app/write/body.h"
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

/* A tag with a total; the one of the filter that chooses all that is under it. */
static void tag_total(struct write *write, struct str tag, struct str filter)
{
    size_t i = find_tag(write, tag);

    if (i < write->cache.tag_count)
        return;
    write_tag(write, tag);
    write->totals[write->cache.total_count++] =
        (struct cache_total){plan_total_name(write->plan, filter, &write->arena), i, 0};
}

void write_tag_collection(struct write *write)
{
    tag_total(write, write->plan->resource->name, STR(""));
}

void write_tag_scope(struct write *write, const struct value *scope)
{
    struct str tag = plan_scope_tag(write->plan, scope, &write->arena);

    if (tag.len > 0)
        tag_total(write, tag, plan_scope_filter(write->plan, scope->string, &write->arena));
}

static void count_tag(struct write *write, struct str tag, int by)
{
    for (size_t i = 0; i < write->cache.total_count; i++)
        if (str_eq(write->tags[write->totals[i].tag], tag))
            write->totals[i].delta += by;
}

void write_count(struct write *write, const struct value *scope, int by)
{
    count_tag(write, write->plan->resource->name, by);
    count_tag(write, plan_scope_tag(write->plan, scope, &write->arena), by);
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

json_t *write_body(struct request *request, bool allow_array, struct problem *problem)
{
    json_t *root;

    problem_init(problem, &request->arena);
    if (body_parse(request->body, allow_array, problem, &root) == ERR_OK)
        return root;
    problem_send(request, 400, STR("Invalid JSON"), problem);
    return NULL;
}
