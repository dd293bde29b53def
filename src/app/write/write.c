/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/write.h"

#include <stdlib.h>

#include "app/write/body.h"
#include "app/write/parsing.h"
#include "base/clock.h"
#include "base/mem.h"

/* --- Life --- */

void *write_new(const struct write_kind *kind, struct app *app, const struct plan *plan,
                struct request *request)
{
    struct write *write = mem_zalloc(kind->size);

    write->kind = kind;
    write->app = app;
    write->plan = plan;
    write->request = request;
    write->users = 1;
    write->cache.context = write;
    arena_init(&write->arena, NULL, 0);
    return write;
}

static void release(void *context)
{
    struct write *write = context;

    if (--write->users > 0)
        return;
    if (write->kind->destroy != NULL)
        write->kind->destroy(write);
    arena_reset(&write->arena);
    free(write);
}

void write_done(struct write *write)
{
    release(write);
}

/* --- The steps: each ends in write_next(), which begins the next one --- */

static void write_next(struct write *write, enum err err);

static void on_job(void *context, enum err err)
{
    write_next(context, err);
}

static void submit(struct write *write, struct mongo_job *job, int64_t time_ms,
                   enum err (*work)(struct mongo_db *db, void *context))
{
    *job = (struct mongo_job){.work = work,
                              .done = on_job,
                              .release = release,
                              .context = write,
                              .deadline_ms = clock_mono_ms() + time_ms,
                              .write = job == &write->working};
    write->users++;
    mongo_submit_or_tell(write->app->mongo, job);
}

static enum err read_it(struct mongo_db *db, void *context)
{
    struct write *write = context;

    return write->kind->read(db, write);
}

static void on_fenced(struct cache_write *cache, enum err err)
{
    write_next(cache->context, err);
}

static void on_released(struct cache_write *cache)
{
    write_next(cache->context, cache->err);
}

static void fail(struct write *write, enum err err)
{
    if (write->kind->failed != NULL)
        write->kind->failed(write, err);
    else
        write_fail(write, err);
}

static void fence(struct write *write)
{
    /* Nothing would be written, and what the cache still answers would be void. */
    if (!mongo_up(write->app->mongo)) {
        fail(write, ERR_UNAVAILABLE);
        return;
    }
    write->step = WRITE_FENCE;
    write->cache.tags = write->tags;
    write->cache.totals = write->totals;
    write->cache.ready = on_fenced;
    write->cache.done = on_released;
    cache_write_begin(write->app->cache, &write->cache);
}

/* A fence that is over soon protects nothing that is sent now. */
static enum err work_in_time(struct mongo_db *db, void *context)
{
    struct write *write = context;
    enum err err = cache_write_in_time(&write->cache) ? write->kind->work(db, write) : ERR_BUSY;

    if (refused_is(err))
        refusal_take(&write->refusal);
    return err;
}

static void work(struct write *write)
{
    write->step = WRITE_WORK;
    submit(write, &write->working, WRITE_MS, work_in_time);
}

/* A write that MongoDB gave no time to answer may have happened. */
static void release_fence(struct write *write, enum err err)
{
    write->step = WRITE_RELEASE;
    write->outcome = err == ERR_TIMEOUT ? ERR_UNKNOWN : err;
    cache_write_end(&write->cache, write->outcome);
}

static void answer(struct write *write, enum err err)
{
    if (write->outcome != ERR_OK)
        err = write->outcome;
    if (err == ERR_OK)
        write->kind->answer(write);
    else
        fail(write, err);
}

static void write_next(struct write *write, enum err err)
{
    switch (write->step) {
    case WRITE_READ:
        if (write->kind->judge(write, err))
            fence(write);
        break;
    case WRITE_FENCE:
        if (err == ERR_OK)
            work(write);
        else
            fail(write, err);
        break;
    case WRITE_WORK: release_fence(write, err); break;
    case WRITE_RELEASE: answer(write, err); break;
    }
}

void write_start(struct write *write)
{
    write->step = WRITE_READ;
    if (write->kind->read != NULL)
        submit(write, &write->reading, READ_MS, read_it);
    else
        fence(write);
}

/* --- Answers and bodies --- */

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

void write_send(struct write *write, unsigned status, struct str json, struct buf *from)
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
        if (from != NULL)
            response_take(response, from);
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
