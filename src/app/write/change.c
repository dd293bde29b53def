/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/views.h"
#include "app/write/repeat.h"
#include "app/write/target.h"
#include "base/clock.h"
#include "http/conditional.h"

/* PUT, PATCH and DELETE of one item. */

struct change {
    struct write write; /* first */
    struct target target;
    int64_t until_ms; /* monotonic: no more tries */
    struct mongo_job read_job;
    struct repeat repeat; /* of a removal */
};

static void destroy(struct write *write)
{
    target_free(&((struct change *)write)->target);
}

/* --- Reading what there is --- */

static enum err ask(struct mongo_db *db, void *context)
{
    return target_read(db, &((struct change *)context)->target);
}

static void refuse(struct change *change, unsigned status, struct str message)
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
    buf_json_string(body, write->plan->resource->removed);
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

static void begin(struct change *change)
{
    struct write *write = &change->write;

    if (change->target.remove)
        repeat_mark(write->app, write->request);
    write_room(write);
    write_tag_collection(write);
    target_tags(&change->target, write);
    write_start(write);
}

static void on_read(void *context, enum err err)
{
    struct change *change = context;
    struct target *target = &change->target;

    if (err == ERR_NOT_FOUND && target->remove)
        repeat_ask(&change->repeat, change->write.app, change->write.request);
    else if (err != ERR_OK)
        write_fail(&change->write, err);
    else if (!target_judge(target))
        refuse(change, target->status, target->message);
    else
        begin(change);
}

static void start(struct change *change)
{
    target_reset(&change->target);
    change->read_job = (struct mongo_job){.work = ask,
                                          .done = on_read,
                                          .release = write_release,
                                          .context = change,
                                          .deadline_ms = clock_mono_ms() + READ_MS};
    write_use(&change->write);
    mongo_submit_or_tell(change->write.app->mongo, &change->read_job);
}

/* --- Writing it --- */

static enum err work(struct mongo_db *db, struct write *write)
{
    return target_write(db, &((struct change *)write)->target, write);
}

static void answer(struct write *write)
{
    struct change *change = (struct change *)write;

    if (change->target.remove) {
        answer_removed(change);
        return;
    }
    response_header(&write->request->response, STR("ETag"), change->target.etag);
    write_send(write, 200, buf_view(&change->target.json));
    write_done(write);
}

/* Not as it was read: looked at again, as long as there is time. */
static void failed(struct write *write, enum err err)
{
    struct change *change = (struct change *)write;

    if (err == ERR_EXISTS && change->target.problem.count > 0) {
        refuse(change, 409, STR("Exists already"));
    } else if (err != ERR_NOT_FOUND) {
        write_fail(write, err);
    } else if (clock_mono_ms() < change->until_ms) {
        change->target.tries++;
        start(change);
    } else {
        write_fail(write, ERR_CONFLICT);
    }
}

/* --- Handlers --- */

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
    change = write_new(sizeof *change, app, plan, request);
    target_init(&change->target, plan, request, route, id, &change->write.arena);
    change->target.match = request_param(request, STR("HTTP_IF_MATCH"));
    change->target.none = request_param(request, STR("HTTP_IF_NONE_MATCH"));
    change->until_ms = clock_mono_ms() + READ_MS;
    change->write.work = work;
    change->write.answer = answer;
    change->write.failed = failed;
    change->write.destroy = destroy;
    change->repeat = (struct repeat){.done = on_repeat, .context = change};
    return change;
}

/* What is wrong with any document is told before one is read. */
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
        start(change);
    else
        refuse(change, 400, STR("Invalid input"));
}

void remove_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct change *change = change_new(context, route, request, id);

    if (change == NULL)
        return;
    change->target.remove = true;
    start(change);
}
