/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/views.h"
#include "app/write/repeat.h"
#include "app/write/target.h"
#include "app/write/write_tags.h"
#include "app/write/written_item.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "http/conditional.h"

/* PUT, PATCH and DELETE of one item. */

struct change {
    struct write write; /* first */
    struct target target;
    int64_t until_ms;     /* monotonic: no more tries */
    struct repeat repeat; /* of a removal */

    struct written_item written;
};

static void change_destroy(struct write *write)
{
    struct change *change = (struct change *)write;

    target_free(&change->target);
    written_item_free(&change->written);
}

/* --- Reading what there is --- */

static enum err change_read(struct mongo_db *db, struct write *write)
{
    struct target *target = &((struct change *)write)->target;
    enum err err = target_read(db, target);

    if (err == ERR_OK)
        target_judge(target);
    return err;
}

static void change_refuse(struct change *change, unsigned status, struct str message)
{
    problem_send(change->write.request, status, message, &change->target.problem);
    write_done(&change->write);
}

static void answer_removed(struct change *change)
{
    struct write *write = &change->write;
    struct buf *body = &write->request->response.body;

    views_forget(write->app->views, write->plan, change->target.id);
    buf_literal(body, "{\"success\":true,\"message\":");
    json_put_string(body, write->plan->resource->removed);
    buf_char(body, '}');
    answer_json(write->request, 200, STR("no-store"));
    write_done(write);
}

static void on_repeat(void *context, bool repeated)
{
    struct change *change = context;

    if (repeated)
        answer_removed(change);
    else
        write_fail(&change->write, ERR_NOT_FOUND);
}

static void take_tags(struct change *change)
{
    struct write *write = &change->write;

    write_room(write);
    write_tag_collection(write);
    target_tags(&change->target, write);
    written_item_tag(&change->written, write);
}

static bool change_judge(struct write *write, enum err err)
{
    struct change *change = (struct change *)write;
    struct target *target = &change->target;
    bool good = err == ERR_OK && target->status == 0;

    /* Once a try has failed, the mark is our own, and another one has deleted it. */
    if (err == ERR_NOT_FOUND && target->remove && target->tries == 0)
        repeat_ask(&change->repeat, write->app, write->request);
    else if (err != ERR_OK)
        write_fail(write, err);
    else if (!good)
        change_refuse(change, target->status, target->message);
    else if (target->remove)
        repeat_mark(write->app, write->request);
    if (good)
        take_tags(change);
    return good;
}

static void change_start(struct change *change)
{
    target_reset(&change->target);
    if (!change->target.remove)
        written_item_change(&change->written, &change->write, change->target.id);
    write_start(&change->write);
}

/* --- Writing it --- */

static enum err change_work(struct mongo_db *db, struct write *write)
{
    struct change *change = (struct change *)write;
    enum err err = target_write(db, &change->target, write);

    if (err == ERR_OK)
        written_item_set(&change->written, write, buf_view(&change->target.json));
    return err;
}

static void change_answer(struct write *write)
{
    struct change *change = (struct change *)write;

    if (change->target.remove) {
        answer_removed(change);
        return;
    }
    response_header(&write->request->response, STR("ETag"), change->target.etag);
    write_send(write, 200, buf_view(&change->target.json), &change->target.json);
    write_done(write);
}

/* Not as it was read: looked at again, as long as there is time. */
static void failed(struct write *write, enum err err)
{
    struct change *change = (struct change *)write;

    if (err == ERR_EXISTS && change->target.problem.count > 0) {
        change_refuse(change, 409, STR("Exists already"));
    } else if (err != ERR_NOT_FOUND) {
        write_fail(write, err);
    } else if (clock_mono_ms() < change->until_ms) {
        change->target.tries++;
        change_start(change);
    } else {
        write_fail(write, ERR_CONFLICT);
    }
}

static const struct write_kind change_kind = {.size = sizeof(struct change),
                                              .read = change_read,
                                              .judge = change_judge,
                                              .work = change_work,
                                              .answer = change_answer,
                                              .failed = failed,
                                              .destroy = change_destroy};

/* --- Handlers --- */

/* A thread may still look at them when the request is answered. */
static struct str take_etags(struct change *change, struct str name)
{
    struct str tags = request_param(change->write.request, name);

    return tags.ptr == NULL ? tags : arena_str(&change->write.arena, tags);
}

/* NULL: the id is none, and the answer is given. */
static struct change *change_new(struct app *app, const struct route *route,
                                 struct request *request, struct str text)
{
    const struct plan *plan = app_plan(app, route->data);
    char room[ID_TEXT_MAX];
    struct change *change;
    struct str id;

    if (!take_id(request, plan->resource, text, room, &id) || !take_no_query(request))
        return NULL;
    change = write_new(&change_kind, app, plan, request);
    target_init(&change->target, plan, request, route, id, &change->write.arena);
    change->target.match = take_etags(change, STR("HTTP_IF_MATCH"));
    change->target.none = take_etags(change, STR("HTTP_IF_NONE_MATCH"));
    change->until_ms = clock_mono_ms() + READ_MS;
    written_item_init(&change->written);
    change->repeat = (struct repeat){.done = on_repeat, .context = change};
    return change;
}

/* Errors that any document would have are answered before one is read. */
static enum err take_body(struct change *change, json_t *root)
{
    struct write *write = &change->write;
    struct target *target = &change->target;
    const struct validation validation = {.resource = write->plan->resource,
                                          .mode = VALIDATE_PUT,
                                          .now_ms = write->request->arrived_ms,
                                          .arena = &write->arena,
                                          .problem = &target->problem};
    enum err err;

    if (write->request->method == METHOD_PATCH) {
        target->patch = root;
        return target_check(target);
    }
    err = validate(&validation, root, &target->draft);
    json_decref(root);
    return err;
}

void update_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct change *change = change_new(context, route, request, id);
    struct problem problem;
    json_t *root;

    if (change == NULL)
        return;
    root = write_body(request, false, &problem);
    if (root == NULL)
        write_done(&change->write);
    else if (take_body(change, root) == ERR_OK)
        change_start(change);
    else
        change_refuse(change, 400, STR("Invalid input"));
}

void remove_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct change *change = change_new(context, route, request, id);

    if (change == NULL)
        return;
    change->target.remove = true;
    change_start(change);
}
