/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/several.h"

#include "app/views.h"
#include "app/write/results.h"
#include "app/write/write_tags.h"
#include "base/clock.h"

/* READ_MAX: bytes of all documents together.  What one fence has no time for is done under the
 * next. */
enum { READ_MAX = 64 << 20, TRIES_MS = 8000 };

struct one {
    struct target target; /* where id is one */
    bool named, done;
    bool asked;       /* in this round: what a thread may change */
    struct str shown; /* its _id, as JSON */
};

struct several {
    struct write write; /* first */
    const struct route *route;
    size_t count;
    struct one *ones;
    size_t read;      /* bytes */
    int64_t until_ms; /* monotonic: no more tries */
    enum err lost;    /* what those asked in this round are told; OK: each has its own result */
};

static bool is_open(const struct one *one)
{
    return !one->done && one->target.status == 0;
}

static void several_destroy(struct write *write)
{
    struct several *several = (struct several *)write;

    for (size_t i = 0; i < several->count; i++)
        if (several->ones[i].named)
            target_free(&several->ones[i].target);
}

/* --- The answer --- */

static bool is_lost(const struct several *several, const struct one *one)
{
    return one->asked && several->lost != ERR_OK;
}

/* A thread may be at work on it still. */
static void put_lost(struct several *several, struct results *results, const struct one *one)
{
    struct result result = {.id = one->shown};

    result.status = problem_status(several->lost, &result.message);
    results_add(results, several->write.plan, &result);
}

static void put_one(struct several *several, struct results *results, struct one *one)
{
    struct target *target = &one->target;
    const struct result result = {.id = one->shown,
                                  .status = one->done ? 200 : target->status,
                                  .message = target->message,
                                  .problem = &target->problem,
                                  .json = buf_view(&target->json)};

    if (one->done && target->remove)
        views_forget(several->write.app->views, several->write.plan, target->id);
    results_add(results, several->write.plan, &result);
}

static void send_results(struct several *several)
{
    struct results results;

    results_begin(&results, several->count);
    for (size_t i = 0; i < several->count; i++)
        if (is_lost(several, &several->ones[i]))
            put_lost(several, &results, &several->ones[i]);
        else
            put_one(several, &results, &several->ones[i]);
    results_send(&results, several->write.request);
    write_done(&several->write);
}

static void refuse_open(struct several *several, unsigned status, struct str message)
{
    for (size_t i = 0; i < several->count; i++)
        if (is_open(&several->ones[i]))
            target_refuse(&several->ones[i].target, status, message);
}

static void refuse_err(struct one *one, enum err err)
{
    struct str message;
    unsigned status = problem_status(database_err(err), &message);

    target_refuse(&one->target, status, message);
}

static void refuse_open_err(struct several *several, enum err err)
{
    for (size_t i = 0; i < several->count; i++)
        if (is_open(&several->ones[i]))
            refuse_err(&several->ones[i], err);
}

static bool is_any_done(const struct several *several)
{
    for (size_t i = 0; i < several->count; i++)
        if (!is_lost(several, &several->ones[i]) && several->ones[i].done)
            return true;
    return false;
}

/* What was written is answered so, also in the round that this error has ended, unless a thread may
 * still be at work, or nobody could record that the write has ended.  Nothing of what else was
 * written is behind it. */
static void several_fail(struct several *several, enum err err)
{
    const struct write *write = &several->write;
    bool unrecorded = write->step == WRITE_RELEASE && write->outcome == ERR_OK;

    if (unrecorded || write->reading.left || write->working.left)
        several->lost = database_err(err);
    if (!is_any_done(several)) {
        write_fail(&several->write, err);
        return;
    }
    if (several->lost == ERR_OK)
        refuse_open_err(several, err == ERR_UNKNOWN ? ERR_UNAVAILABLE : err);
    send_results(several);
}

/* --- Reading --- */

/* Which one a document is, by its _id; NULL: none. */
static struct one *find_one(struct several *several, struct str document)
{
    enum id_type type = several->write.plan->resource->id;
    char room[ID_TEXT_MAX];
    struct value id;
    struct str text;

    if (document_value(document, STR("_id"), false, &id) != ERR_OK)
        return NULL;
    if (type == ID_INTEGER && id.type == VALUE_DOUBLE)
        id = value_int((int64_t)id.number);
    text = id_text(type, &id, room);
    for (size_t i = 0; i < several->count; i++)
        if (is_open(&several->ones[i]) && str_eq(several->ones[i].target.id, text))
            return &several->ones[i];
    return NULL;
}

static enum err several_take(void *context, struct str document, struct str json)
{
    struct several *several = context;
    struct one *one = find_one(several, document);

    several->read += document.len;
    if (several->read > READ_MAX)
        return ERR_TOO_LARGE;
    if (one != NULL) {
        buf_str(&one->target.raw, document);
        buf_str(&one->target.read_json, json);
        target_found(&one->target);
    }
    return ERR_OK;
}

static void judge_each(struct several *several)
{
    for (size_t i = 0; i < several->count; i++) {
        struct target *target = &several->ones[i].target;
        if (!is_open(&several->ones[i]))
            continue;
        if (target->raw.len == 0)
            target_refuse(target, 404, several->write.plan->resource->absent);
        else
            target_judge(target);
    }
}

static enum err several_read(struct mongo_db *db, struct write *write)
{
    struct several *several = (struct several *)write;
    const struct plan *plan = several->write.plan;
    struct value ids[BULK_MAX];
    size_t count = 0;
    struct condition condition = {STR("_id"), OP_IN, {.type = VALUE_NONE}};
    enum err err;
    const struct find find = {.collection = plan->resource->collection,
                              .conditions = &condition,
                              .condition_count = 1,
                              .shape = &plan->shape};

    for (size_t i = 0; i < several->count; i++)
        if (is_open(&several->ones[i]))
            ids[count++] = target_id(&several->ones[i].target);
    condition.value = value_list(ids, count);
    several->read = 0;
    err = collection_documents(db, &find, several_take, several);
    if (err == ERR_OK)
        judge_each(several);
    return err;
}

/* The tags of those that may be written; gives their number. */
static size_t tag_each(struct several *several)
{
    size_t good = 0;

    write_room(&several->write);
    write_tag_collection(&several->write);
    for (size_t i = 0; i < several->count; i++) {
        struct one *one = &several->ones[i];
        one->asked = is_open(one);
        if (!one->asked)
            continue;
        target_tags(&one->target, &several->write);
        good++;
    }
    return good;
}

static bool several_judge(struct write *write, enum err err)
{
    struct several *several = (struct several *)write;
    struct problem problem;
    bool good = err == ERR_OK && tag_each(several) > 0;

    if (err == ERR_TOO_LARGE && !is_any_done(several)) {
        problem_init(&problem, &write->request->arena);
        problem_add(&problem, STR("ids"), STR("are more than 64 MiB together: name fewer"));
        problem_send_invalid(write->request, &problem);
        write_done(write);
    } else if (err != ERR_OK) {
        several_fail(several, err);
    } else if (!good) {
        send_results(several);
    }
    return good;
}

static void several_start(struct several *several)
{
    for (size_t i = 0; i < several->count; i++) {
        struct one *one = &several->ones[i];
        one->asked = is_open(one);
        if (one->asked)
            target_reset(&one->target);
    }
    write_start(&several->write);
}

/* --- Writing --- */

/* The result of one, unless it is tried again, or its outcome is unknown. */
static enum err settle(struct one *one, enum err err)
{
    struct target *target = &one->target;
    struct refusal refusal;

    if (refused_is(err)) {
        refusal_take(&refusal);
        if (target->problem.count == 0)
            refused_errors(&refusal, &target->problem);
    }
    if (err == ERR_OK)
        one->done = true;
    else if (err == ERR_NOT_FOUND || err == ERR_CONFLICT)
        target->tries++;
    else if (err == ERR_EXISTS)
        target_refuse(target, 409, STR("Exists already"));
    else if (err == ERR_REFUSED)
        target_refuse(target, 400, STR("Refused by a rule of the database"));
    else if (err == ERR_FORBIDDEN)
        target_refuse(target, 403, STR("The database gives no right to it"));
    else if (err == ERR_UNKNOWN)
        refuse_err(one, err);
    else
        return err;
    return err == ERR_UNKNOWN ? err : ERR_OK;
}

/* What could not be sent in time is tried again; what is behind an error is not written. */
static enum err several_work(struct mongo_db *db, struct write *write)
{
    struct several *several = (struct several *)write;
    enum err err = ERR_OK;
    bool any = false;

    for (size_t i = 0; i < several->count && err == ERR_OK; i++) {
        struct one *one = &several->ones[i];
        if (!is_open(one) || !cache_write_in_time(&write->cache))
            continue;
        err = settle(one, target_write(db, &one->target, write));
        any = any || one->done;
    }
    if (err == ERR_UNKNOWN || !any)
        return err == ERR_OK ? ERR_NOT_FOUND : err;
    if (err != ERR_OK)
        refuse_open_err(several, err);
    return ERR_OK;
}

static void several_answer(struct write *write)
{
    struct several *several = (struct several *)write;
    bool open = false;

    for (size_t i = 0; i < several->count; i++)
        open = open || is_open(&several->ones[i]);
    if (open && clock_mono_ms() < several->until_ms) {
        several_start(several);
        return;
    }
    refuse_open(several, 409, STR("Others change it all the time: try again"));
    send_results(several);
}

static void failed(struct write *write, enum err err)
{
    if (err == ERR_NOT_FOUND)
        several_answer(write);
    else
        several_fail((struct several *)write, err);
}

static const struct write_kind several_kind = {.size = sizeof(struct several),
                                               .read = several_read,
                                               .judge = several_judge,
                                               .work = several_work,
                                               .answer = several_answer,
                                               .failed = failed,
                                               .destroy = several_destroy};

/* --- What is asked for --- */

/* Not answered for one alone: which of them is meant? */
static bool is_twice(const struct several *several, struct str id)
{
    for (size_t i = 0; i < several->count; i++)
        if (several->ones[i].named && str_eq(several->ones[i].target.id, id))
            return true;
    return false;
}

bool several_add(struct several *several, struct str text, struct str shown)
{
    const struct plan *plan = several->write.plan;
    struct one *one = &several->ones[several->count];
    char room[ID_TEXT_MAX];
    struct str id;

    one->shown = shown;
    if (text.ptr == NULL || id_parse(plan->resource->id, text, room, &id) != ERR_OK) {
        target_refuse(&one->target, 400, STR("Invalid id"));
        problem_init(&one->target.problem, &several->write.arena);
        problem_add(&one->target.problem, STR("_id"), id_rule(plan->resource->id));
    } else if (is_twice(several, id)) {
        return false;
    } else {
        target_init(&one->target, plan, several->write.request, several->route, id,
                    &several->write.arena);
        one->target.remove = several->write.request->method == METHOD_DELETE;
        one->named = true;
        one->shown = results_id(plan, id, &several->write.arena);
    }
    several->count++;
    return true;
}

struct several *several_new(struct app *app, const struct route *route, struct request *request,
                            size_t count)
{
    struct several *several = write_new(&several_kind, app, app_plan(app, route->data), request);

    several->route = route;
    several->ones = arena_zalloc(&several->write.arena, count * sizeof several->ones[0]);
    several->until_ms = clock_mono_ms() + TRIES_MS;
    return several;
}

void several_begin(struct several *several)
{
    for (size_t i = 0; i < several->count; i++)
        if (is_open(&several->ones[i])) {
            several_start(several);
            return;
        }
    send_results(several);
}

struct target *several_last(struct several *several)
{
    struct one *one = &several->ones[several->count - 1];

    return is_open(one) ? &one->target : NULL;
}

struct arena *several_arena(struct several *several)
{
    return &several->write.arena;
}

void several_drop(struct several *several)
{
    write_done(&several->write);
}
