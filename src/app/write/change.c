/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/people/users.h"
#include "app/views.h"
#include "app/write/validate.h"
#include "app/write/write.h"
#include "base/clock.h"
#include "http/conditional.h"

/* PUT, PATCH and DELETE of one item.  Which lists it stands in depends on its scope, and the cache
 * has to be told before the write: so the item is read first, the write takes place only while it
 * is the same, and begins again when it is not.  After some tries its scope is enough: then so many
 * change it that it is better to read it afterwards, with what others have made of it by then. */

enum { EXACT_TRIES = 8, TAGS = 5, TOTALS = 3, CONDITIONS = 4, JSON_MAX = 4 << 20 };

struct change {
    struct write write; /* first */
    struct oid id;
    bool remove;
    int tries;
    int64_t until_ms; /* monotonic: no more tries */
    struct draft draft;
    struct value known[RESOURCE_FIELDS_MAX]; /* of the document as it was read */
    struct value written[RESOURCE_FIELDS_MAX];
    struct buf read_json, raw, json;
    struct mongo_job read_job;
    struct str tags[TAGS];
    struct cache_total totals[TOTALS];
    char name[ITEM_NAME_MAX];
    bool matched; /* If-Match: this very version, or none */
};

static void destroy(struct write *write)
{
    struct change *change = (struct change *)write;

    buf_free(&change->read_json);
    buf_free(&change->raw);
    buf_free(&change->json);
}

/* --- Reading what there is --- */

static enum err ask(struct mongo_db *db, void *context)
{
    struct change *change = context;
    struct condition condition = {STR("_id"), OP_EQ, value_oid(change->id)};
    struct record record = {.shape = &change->write.plan->shape,
                            .out = &change->read_json,
                            .captured = change->known,
                            .arena = &change->write.arena,
                            .raw = &change->raw};

    return collection_find_one(db, change->write.plan->resource->name, &condition, 1, 0, &record);
}

/* If-Match and If-None-Match (RFC 9110 section 13.1) against the document as it is. */
static bool meets_preconditions(struct change *change)
{
    struct str match = request_param(change->write.request, STR("HTTP_IF_MATCH"));
    struct str none = request_param(change->write.request, STR("HTTP_IF_NONE_MATCH"));
    char room[ITEM_ETAG_MAX];
    struct str etag = plan_item_etag(plan_version(change->write.plan, change->known),
                                     buf_view(&change->read_json), room);

    /* An empty list names no version. */
    change->matched = match.ptr != NULL && !str_eq(str_trim(match), STR("*"));
    if (match.ptr != NULL && !etag_is_listed(match, etag))
        return false;
    return none.len == 0 || !etag_is_listed(none, etag);
}

/* Whether it has a version that can be raised. */
static bool is_counted(const struct change *change)
{
    const struct value *version = &change->known[change->write.plan->version];

    return version->type == VALUE_INT && version->integer < INT64_MAX;
}

static void set_version(struct change *change)
{
    struct str version = change->write.plan->shape_fields[change->write.plan->version].name;

    for (size_t i = 0; i < change->draft.count; i++)
        if (str_eq(change->draft.items[i].field, version))
            change->draft.items[i].op = is_counted(change) ? ASSIGN_INC : ASSIGN_SET;
}

/* The scope that it is given, or NULL. */
static const struct value *new_scope(const struct change *change)
{
    return draft_value(&change->draft, change->write.plan->resource->scope);
}

static void collect_tags(struct change *change)
{
    struct write *write = &change->write;
    const struct plan *plan = write->plan;
    const struct value *owner = &change->known[plan->owner];

    write->tags = change->tags;
    write->totals = change->totals;
    write->cache.tag_count = write->cache.total_count = 0;
    write_tag(write, plan_item_name(plan, &change->id, change->name));
    write_tag_collection(write);
    if (owner->type == VALUE_OID)
        write_tag(write, owner_tag(&owner->oid, arena_alloc(&write->arena, PROFILE_NAME_MAX)));
    write_tag_scope(write, &change->known[plan->scope]);
    write_tag_scope(write, new_scope(change));
}

static void on_read(void *context, enum err err)
{
    struct change *change = context;

    if (err != ERR_OK) {
        write_fail(&change->write, err);
        return;
    }
    if (!meets_preconditions(change)) {
        problem_send(change->write.request, 412, STR("The item has changed since that version"),
                     NULL);
        write_done(&change->write);
        return;
    }
    set_version(change);
    collect_tags(change);
    write_start(&change->write);
}

static void start(struct change *change)
{
    buf_reset(&change->read_json);
    buf_reset(&change->raw);
    buf_reset(&change->json);
    change->read_job = (struct mongo_job){.work = ask,
                                          .done = on_read,
                                          .release = write_release,
                                          .context = change,
                                          .deadline_ms = clock_mono_ms() + READ_MS};
    write_use(&change->write);
    mongo_submit_or_tell(change->write.app->mongo, &change->read_job);
}

/* --- Writing it --- */

/* That a field is as it was read. */
static struct condition same(const struct change *change, size_t field)
{
    struct str name = change->write.plan->shape_fields[field].name;
    const struct value *value = &change->known[field];

    if (value->type == VALUE_NONE)
        return (struct condition){name, OP_EXISTS, value_bool(false)};
    return (struct condition){name, OP_EQ, *value};
}

static void count_change(struct change *change)
{
    const struct value *to = new_scope(change);

    if (change->remove || to != NULL)
        write_count(&change->write, &change->known[change->write.plan->scope], -1);
    if (to != NULL)
        write_count(&change->write, to, 1);
}

/* What must still hold.  A version stands for all of a document; one without (not made here) is the
 * same while its scope and its time are. */
static size_t make_conditions(const struct change *change, bool exact,
                              struct condition conditions[static CONDITIONS])
{
    const struct plan *plan = change->write.plan;
    bool counted = is_counted(change);
    size_t count = 0;

    conditions[count++] = (struct condition){STR("_id"), OP_EQ, value_oid(change->id)};
    if (exact && counted)
        conditions[count++] = same(change, plan->version);
    if (!exact || !counted)
        conditions[count++] = same(change, plan->scope);
    if (exact && !counted)
        conditions[count++] = same(change, plan->updated);
    return count;
}

static enum err work(struct mongo_db *db, struct write *write)
{
    struct change *change = (struct change *)write;
    struct str collection = write->plan->resource->name;
    bool exact = change->matched || (change->tries < EXACT_TRIES && !change->remove);
    struct condition conditions[CONDITIONS];
    size_t count = make_conditions(change, exact, conditions);
    struct update update = {.collection = collection,
                            .conditions = conditions,
                            .condition_count = count,
                            .assignments = change->draft.items,
                            .assignment_count = change->draft.count,
                            .before = exact ? buf_view(&change->raw) : STR("")};
    struct record record = {.shape = &write->plan->shape,
                            .out = &change->json,
                            .captured = change->written,
                            .arena = &write->arena};
    enum err err = change->remove ? collection_remove(db, collection, conditions, count)
                                  : collection_modify(db, &update, &record);

    if (err == ERR_OK)
        count_change(change);
    return err;
}

static void answer(struct write *write)
{
    struct change *change = (struct change *)write;
    struct response *response = &write->request->response;
    struct str title = write->plan->resource->title;
    char room[ITEM_ETAG_MAX];

    if (change->remove) {
        views_forget(write->app->views, write->plan, &change->id);
        buf_literal(&response->body, "{\"success\":true,\"message\":\"");
        buf_str(&response->body, title);
        buf_literal(&response->body, " deleted\"}");
        answer_json(write->request, 200, STR("no-store"));
    } else {
        response_header(response, STR("ETag"),
                        plan_item_etag(plan_version(write->plan, change->written),
                                       buf_view(&change->json), room));
        answer_data(write->request, 200, buf_view(&change->json));
    }
    write_done(write);
}

/* Not as it was read: looked at again, as long as there is time. */
static void failed(struct write *write, enum err err)
{
    struct change *change = (struct change *)write;

    if (err != ERR_NOT_FOUND) {
        write_fail(write, err);
    } else if (clock_mono_ms() < change->until_ms) {
        change->tries++;
        start(change);
    } else {
        write_fail(write, ERR_CONFLICT);
    }
}

/* --- Handlers --- */

static struct change *change_new(struct app *app, const struct plan *plan, struct request *request,
                                 const struct oid *id)
{
    struct change *change = write_new(sizeof *change, app, plan, request);

    change->id = *id;
    change->until_ms = clock_mono_ms() + READ_MS;
    change->write.work = work;
    change->write.answer = answer;
    change->write.failed = failed;
    change->write.destroy = destroy;
    buf_init(&change->read_json, JSON_MAX);
    buf_init(&change->raw, JSON_MAX);
    buf_init(&change->json, JSON_MAX);
    return change;
}

void update_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    const struct plan *plan = app_plan(app, route->data);
    struct change *change;
    struct problem problem;
    struct oid oid;
    json_t *root;
    enum err err;

    if (!take_id(request, id, &oid) || !take_no_query(request) ||
        (root = write_body(request, false, &problem)) == NULL)
        return;
    change = change_new(app, plan, request, &oid);
    err = validate(plan->resource, root, VALIDATE_CHANGE, request->arrived_ms, &change->write.arena,
                   &problem, &change->draft);
    json_decref(root);
    if (err == ERR_OK) {
        start(change);
    } else {
        problem_send_invalid(request, &problem);
        write_done(&change->write);
    }
}

void remove_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    struct change *change;
    struct oid oid;

    if (!take_id(request, id, &oid) || !take_no_query(request))
        return;
    change = change_new(app, app_plan(app, route->data), request, &oid);
    change->remove = true;
    start(change);
}
