/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "app/answer.h"
#include "app/views.h"
#include "app/write/results.h"
#include "app/write/target.h"
#include "base/clock.h"
#include "http/conditional.h"

/* PATCH of an array and DELETE of ids: up to BULK_MAX items, each judged by itself, by one write
 * with one invalidation.  Those that others have changed between the two are looked at again. */

/* READ_MAX: bytes of all documents together.  What one fence has no time for is done under the
 * next. */
enum { READ_MAX = 64 << 20, TRIES_MS = 8000 };

struct one {
    struct target target; /* where id is one */
    bool named, done;
    struct str shown; /* its _id, as JSON */
};

struct several {
    struct write write; /* first */
    const struct route *route;
    size_t count;
    struct one *ones;
    size_t read;      /* bytes */
    int64_t until_ms; /* monotonic: no more tries */
    struct mongo_job read_job;
};

static bool is_open(const struct one *one)
{
    return !one->done && one->target.status == 0;
}

static void destroy(struct write *write)
{
    struct several *several = (struct several *)write;

    for (size_t i = 0; i < several->count; i++)
        if (several->ones[i].named)
            target_free(&several->ones[i].target);
}

/* --- The answer --- */

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

static enum err take(void *context, struct str document, struct str json)
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

static enum err ask(struct mongo_db *db, void *context)
{
    struct several *several = context;
    const struct plan *plan = several->write.plan;
    struct value ids[BULK_MAX];
    size_t count = 0;
    struct condition condition = {STR("_id"), OP_IN, {.type = VALUE_NONE}};
    const struct find find = {.collection = plan->resource->collection,
                              .conditions = &condition,
                              .condition_count = 1,
                              .shape = &plan->shape};

    for (size_t i = 0; i < several->count; i++)
        if (is_open(&several->ones[i]))
            ids[count++] = target_id(&several->ones[i].target);
    condition.value = value_list(ids, count);
    several->read = 0;
    return collection_documents(db, &find, take, several);
}

/* Adds the tags of those that may be written; gives their number. */
static size_t judge(struct several *several)
{
    size_t good = 0;

    write_room(&several->write);
    write_tag_collection(&several->write);
    for (size_t i = 0; i < several->count; i++) {
        struct one *one = &several->ones[i];
        if (!is_open(one))
            continue;
        if (one->target.raw.len == 0)
            target_refuse(&one->target, 404, several->write.plan->resource->absent);
        else if (target_judge(&one->target))
            target_tags(&one->target, &several->write);
        good += is_open(one);
    }
    return good;
}

static void on_read(void *context, enum err err)
{
    struct several *several = context;
    struct problem problem;

    if (err == ERR_TOO_LARGE) {
        problem_init(&problem, &several->write.request->arena);
        problem_add(&problem, STR("ids"), STR("are more than 64 MiB together: name fewer"));
        problem_send_invalid(several->write.request, &problem);
        write_done(&several->write);
    } else if (err != ERR_OK) {
        several->write.failed(&several->write, err);
    } else if (judge(several) > 0) {
        write_start(&several->write);
    } else {
        send_results(several);
    }
}

static void start(struct several *several)
{
    for (size_t i = 0; i < several->count; i++)
        if (is_open(&several->ones[i]))
            target_reset(&several->ones[i].target);
    several->read_job = (struct mongo_job){.work = ask,
                                           .done = on_read,
                                           .release = write_release,
                                           .context = several,
                                           .deadline_ms = clock_mono_ms() + READ_MS};
    write_use(&several->write);
    mongo_submit_or_tell(several->write.app->mongo, &several->read_job);
}

/* --- Writing --- */

/* What one has come to, unless it is to be tried again, or nobody knows. */
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
    else
        return err;
    return ERR_OK;
}

/* What could not be sent in time is tried again; what is behind an error is not written. */
static enum err work(struct mongo_db *db, struct write *write)
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
        refuse_open(several, 503, STR("Not written: the database is unavailable"));
    return ERR_OK;
}

static void answer(struct write *write)
{
    struct several *several = (struct several *)write;
    bool open = false;

    for (size_t i = 0; i < several->count; i++)
        open = open || is_open(&several->ones[i]);
    if (open && clock_mono_ms() < several->until_ms) {
        start(several);
        return;
    }
    refuse_open(several, 409, STR("Others change it all the time: try again"));
    send_results(several);
}

static void failed(struct write *write, enum err err)
{
    struct several *several = (struct several *)write;
    bool any = false;

    for (size_t i = 0; i < several->count; i++)
        any = any || several->ones[i].done;
    if (err == ERR_NOT_FOUND) {
        answer(write);
    } else if (any && err != ERR_UNKNOWN) {
        refuse_open(several, 503, STR("Not written: the database is unavailable"));
        send_results(several);
    } else {
        write_fail(write, err);
    }
}

/* --- From the request --- */

/* Fewer than all are told together: which of them is meant? */
static bool is_twice(const struct several *several, struct str id)
{
    for (size_t i = 0; i < several->count; i++)
        if (several->ones[i].named && str_eq(several->ones[i].target.id, id))
            return true;
    return false;
}

/* The next one; text is none where no id was given.  False: it is there already. */
static bool take_one(struct several *several, struct str text, struct str shown)
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

static struct several *several_new(struct app *app, const struct route *route,
                                   struct request *request, size_t count)
{
    struct several *several = write_new(sizeof *several, app, app_plan(app, route->data), request);

    several->route = route;
    several->ones = arena_zalloc(&several->write.arena, count * sizeof several->ones[0]);
    several->until_ms = clock_mono_ms() + TRIES_MS;
    several->write.work = work;
    several->write.answer = answer;
    several->write.failed = failed;
    several->write.destroy = destroy;
    return several;
}

static void begin(struct several *several)
{
    for (size_t i = 0; i < several->count; i++)
        if (is_open(&several->ones[i])) {
            start(several);
            return;
        }
    send_results(several);
}

static void refuse(struct request *request, struct str field, struct str message)
{
    struct problem problem;

    problem_init(&problem, &request->arena);
    problem_add(&problem, field, message);
    problem_send_invalid(request, &problem);
}

/* It could be meant for none of them, or for all. */
static bool has_if_match(struct request *request)
{
    if (request_param(request, STR("HTTP_IF_MATCH")).ptr == NULL)
        return false;
    problem_send(request, 400, STR("If-Match is for one item: give each its _etag"), NULL);
    return true;
}

/* --- PATCH --- */

/* As text, of the type that the resource's documents show. */
static struct str patch_id(const struct several *several, const json_t *json)
{
    bool integer = several->write.plan->resource->id == ID_INTEGER;
    struct buf text = BUF_INIT(DECIMAL_MAX + 1);
    struct str copy = {NULL, 0};

    if (!integer && json_is_string(json))
        return str_make(json_string_value(json), json_string_length(json));
    if (integer && json_is_integer(json)) {
        buf_int(&text, json_integer_value(json));
        copy = arena_str(&several->write.request->arena, buf_view(&text));
    }
    buf_free(&text);
    return copy;
}

/* The one that was taken last: what is wrong with any document is told before one is read. */
static void take_patch(struct several *several, json_t *patch)
{
    struct target *target = &several->ones[several->count - 1].target;
    const json_t *etag = json_object_get(patch, "_etag");

    if (target->status != 0)
        return;
    if (json_is_string(etag)) {
        target->match = arena_str(&several->write.arena,
                                  str_make(json_string_value(etag), json_string_length(etag)));
        if (!etag_is_single(target->match))
            target->match = STR(""); /* which names nothing */
    }
    target->patch = json_incref(patch);
    (void)json_object_del(patch, "_etag");
    (void)json_object_del(patch, "_id");
    if (etag != NULL && target->match.ptr == NULL)
        problem_add(&target->problem, STR("_etag"), STR("must be the text of an ETag"));
    if (target_check(target) != ERR_OK || target->problem.count > 0)
        target_refuse(target, 400, STR("Invalid input"));
}

static bool take_patches(struct several *several, json_t *root)
{
    struct arena *arena = &several->write.arena;

    for (size_t i = 0; i < json_array_size(root); i++) {
        json_t *patch = json_array_get(root, i), *id = json_object_get(patch, "_id");
        if (!take_one(several, patch_id(several, id), results_given(id, arena)))
            return false;
        take_patch(several, patch);
    }
    return true;
}

void patch_several_handle(void *context, struct request *request, const struct route *route,
                          struct str id)
{
    struct several *several;
    struct problem problem;
    size_t count;
    json_t *root;

    (void)id;
    if (has_if_match(request) || !take_no_query(request) ||
        (root = write_body(request, true, &problem)) == NULL)
        return;
    count = json_array_size(root);
    if (!json_is_array(root) || count == 0 || count > BULK_MAX) {
        refuse(request, STR("body"), STR("must be an array of 1 to 100 objects"));
    } else {
        several = several_new(context, route, request, count);
        if (take_patches(several, root)) {
            begin(several);
        } else {
            refuse(request, STR("body"), STR("names an _id twice"));
            write_done(&several->write);
        }
    }
    json_decref(root);
}

/* --- DELETE --- */

static size_t count_parts(struct str list)
{
    size_t count = 0;
    struct str part;

    while (str_split(&list, ',', &part))
        count++;
    return count;
}

struct param_table remove_several_params(void)
{
    static const struct query_param params[] = {
        {.name = STR_INIT("ids"),
         .type = PARAM_PARTS,
         .op = PARAM_IDS,
         .min = 1,
         .max = QUERY_TEXT_MAX,
         .help = STR_INIT("1 to 100 ids, with commas or repeated: nothing else is deleted")}};

    return (struct param_table){params, 1};
}

void remove_several_handle(void *context, struct request *request, const struct route *route,
                           struct str id)
{
    const struct param_table table = remove_several_params();
    struct several *several;
    struct problem problem;
    struct query query;
    struct str rest, part;

    (void)id;
    if (has_if_match(request))
        return;
    problem_init(&problem, &request->arena);
    if (query_parse(&query, table.params, table.count, request->query, &request->arena, &problem) !=
        ERR_OK) {
        problem_send_invalid(request, &problem);
        return;
    }
    rest = query.values[0].text;
    if (!query.values[0].given || count_parts(rest) > BULK_MAX) {
        refuse(request, STR("ids"), STR("must be 1 to 100 ids"));
        return;
    }
    several = several_new(context, route, request, count_parts(rest));
    while (str_split(&rest, ',', &part))
        if (!take_one(several, part, results_text(part, &several->write.arena))) {
            refuse(request, STR("ids"), STR("must not name one twice"));
            write_done(&several->write);
            return;
        }
    begin(several);
}
