/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/people/auth.h"
#include "app/views.h"
#include "app/write/duplicate.h"
#include "app/write/unchanged.h"
#include "app/write/validate.h"
#include "app/write/write.h"
#include "base/clock.h"
#include "http/conditional.h"

/* PUT, PATCH and DELETE of one item.  Which lists it stands in depends on its partitions, and the
 * cache has to be told before the write: so the item is read first, the write takes place only
 * while it is the same, and begins again when it is not.  After some tries of a write that does not
 * depend on the rest of the item, its partition is enough: then so many change it that it is better
 * to read it afterwards, with what others have made of it by then. */

/* A document may have 16 MiB, and each of its bytes six characters of JSON. */
enum { EXACT_TRIES = 8, RAW_MAX = 17 << 20, JSON_MAX = 128 << 20 };

struct change {
    struct write write; /* first */
    const struct route *route;
    char room[ID_TEXT_MAX];
    struct str id;
    bool remove;
    json_t *patch; /* of PATCH: merged anew with what each try has read */
    int tries;
    int64_t until_ms; /* monotonic: no more tries */
    struct draft draft;
    struct arena attempt; /* what one try needs */
    struct buf read_json, raw, after, json;
    struct mongo_job read_job;
    bool matched; /* If-Match: this very document, or none */
    struct problem problem;
};

static void destroy(struct write *write)
{
    struct change *change = (struct change *)write;

    json_decref(change->patch);
    arena_reset(&change->attempt);
    buf_free(&change->read_json);
    buf_free(&change->raw);
    buf_free(&change->after);
    buf_free(&change->json);
}

static struct value id_of(const struct change *change)
{
    return id_value(change->write.plan->resource->id, change->id);
}

/* A field of the document as it was read; VALUE_NONE also where there is no such field. */
static struct value known(const struct change *change, struct str field)
{
    struct value value = {.type = VALUE_NONE};

    if (field.len == 0 || document_value(buf_view(&change->raw), field, false, &value) != ERR_OK)
        value.type = VALUE_NONE;
    return value;
}

/* --- Reading what there is --- */

static enum err ask(struct mongo_db *db, void *context)
{
    struct change *change = context;
    struct condition condition = {STR("_id"), OP_EQ, id_of(change)};
    struct record record = {
        .shape = &change->write.plan->shape, .out = &change->read_json, .raw = &change->raw};

    return collection_find_one(db, change->write.plan->resource->collection, &condition, 1, 0,
                               &record);
}

/* Where only those who have made an item may read or change it. */
static bool is_owned(const struct change *change)
{
    return (change->route->flags & ROUTE_OWNED) != 0 ||
           change->write.plan->resource->read == ACCESS_OWNER;
}

static bool is_admitted(const struct change *change)
{
    const struct visitor *visitor = request_visitor(change->write.request);
    struct value owner = known(change, change->write.plan->resource->kept.owner);

    if (!is_owned(change))
        return true;
    return visitor != NULL && (visitor->profile.role == ROLE_ADMIN ||
                               (owner.type == VALUE_OID &&
                                memcmp(&owner.oid, &visitor->profile.id, sizeof owner.oid) == 0));
}

/* If-Match and If-None-Match (RFC 9110 section 13.1) against the document as it is. */
static bool meets_preconditions(struct change *change)
{
    struct str match = request_param(change->write.request, STR("HTTP_IF_MATCH"));
    struct str none = request_param(change->write.request, STR("HTTP_IF_NONE_MATCH"));
    char room[ETAG_SIZE];
    struct str etag = plan_item_etag(change->write.plan, buf_view(&change->read_json), room);

    /* An empty list names no document. */
    change->matched = match.ptr != NULL && !str_eq(str_trim(match), STR("*"));
    if (match.ptr != NULL && !etag_is_listed(match, etag))
        return false;
    return none.len == 0 || !etag_is_listed(none, etag);
}

static enum err make_draft(struct change *change, struct str before)
{
    struct write *write = &change->write;
    const struct validation validation = {.resource = write->plan->resource,
                                          .mode = VALIDATE_PATCH,
                                          .now_ms = write->request->arrived_ms,
                                          .before = before,
                                          .arena = &change->attempt,
                                          .problem = &change->problem};

    problem_init(&change->problem, &change->attempt);
    return validate(&validation, change->patch, &change->draft);
}

static void collect_tags(struct change *change)
{
    struct write *write = &change->write;
    struct value owner = known(change, write->plan->resource->kept.owner);

    write_room(write);
    write_tag_item(write, change->id);
    write_tag_collection(write);
    write_tag_owner(write, &owner);
    write_tag_partitions(write, buf_view(&change->raw));
    if (!change->remove && change->after.len > 0)
        write_tag_partitions(write, buf_view(&change->after));
    else if (!change->remove)
        write_tag_all_partitions(write);
}

static void refuse(struct change *change, unsigned status, const char *message)
{
    problem_send(change->write.request, status, str_from(message), &change->problem);
    write_done(&change->write);
}

/* Where the document afterwards is not known, every partition may be its. */
static void begin(struct change *change)
{
    if (!change->remove && collection_preview(buf_view(&change->raw), change->draft.items,
                                              change->draft.count, &change->after) != ERR_OK)
        buf_reset(&change->after);
    collect_tags(change);
    write_start(&change->write);
}

static void on_read(void *context, enum err err)
{
    struct change *change = context;
    struct str raw = buf_view(&change->raw);
    const struct resource *resource = change->write.plan->resource;

    problem_init(&change->problem, &change->attempt);
    if (err != ERR_OK)
        write_fail(&change->write, err);
    else if (!is_admitted(change) && resource->read == ACCESS_OWNER)
        write_fail(&change->write, ERR_NOT_FOUND);
    else if (!is_admitted(change))
        refuse(change, 403, "Only who has made it may change it");
    else if (!meets_preconditions(change))
        refuse(change, 412, "The item has changed since that version");
    else if (change->patch != NULL && make_draft(change, raw) != ERR_OK)
        refuse(change, 400, "Invalid input");
    else if (!change->remove && draft_keep(resource, raw, &change->draft, &change->write.arena,
                                           &change->problem) != ERR_OK)
        refuse(change, 409, "A field that the server keeps has something else in this document");
    else
        begin(change);
}

static void start(struct change *change)
{
    arena_reset(&change->attempt);
    buf_reset(&change->read_json);
    buf_reset(&change->raw);
    buf_reset(&change->after);
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

/* What If-Match has compared, where no version stands for it; else what is written. */
static void add_touched(const struct change *change, struct unchanged *unchanged)
{
    const struct field *document = change->write.plan->resource->document;
    struct str last = STR("");

    for (size_t i = 0; change->matched && i < document->field_count; i++)
        unchanged_path(unchanged, document->fields[i].name);
    for (size_t i = 0; i < change->draft.count; i++) {
        struct str path = change->draft.items[i].field;
        struct str top = str_make(path.ptr, str_find(path, '.'));

        if (!str_eq(top, last) && (!change->matched || field_property(document, top) == NULL))
            unchanged_path(unchanged, top);
        last = top;
    }
}

/* What must still hold.  A version stands for all of a document, but for mongoose's, which only
 * some changes raise.  Partition and time tell also of those who do not raise it. */
static bool add_conditions(const struct change *change, struct unchanged *unchanged)
{
    const struct resource *resource = change->write.plan->resource;
    struct value version = known(change, resource->kept.version);
    bool whole = change->matched || change->patch != NULL;
    bool exact = whole || change->tries < EXACT_TRIES;
    bool counted = version.type == VALUE_INT && version.integer < INT64_MAX &&
                   !str_eq(resource->kept.version, MONGOOSE_VERSION);

    unchanged_add(unchanged, STR("_id"), OP_EQ, id_of(change));
    if (is_owned(change) && resource->kept.owner.len > 0)
        unchanged_path(unchanged, resource->kept.owner);
    if (resource->partition.len > 0)
        unchanged_path(unchanged, resource->partition);
    if (exact && resource->kept.updated.len > 0)
        unchanged_path(unchanged, resource->kept.updated);
    if (exact && counted && (whole || !change->remove))
        unchanged_add(unchanged, resource->kept.version, OP_EQ, version);
    else if (exact && !counted)
        add_touched(change, unchanged);
    return exact && counted;
}

static enum err modify(struct mongo_db *db, struct change *change,
                       const struct unchanged *unchanged, bool counted)
{
    const struct plan *plan = change->write.plan;
    struct update update = {.collection = plan->resource->collection,
                            .conditions = unchanged->items,
                            .condition_count = unchanged->count,
                            .assignments = change->draft.items,
                            .assignment_count = change->draft.count,
                            .before = counted ? buf_view(&change->raw) : STR("")};
    struct record record = {.shape = &plan->shape, .out = &change->json};
    enum err err = collection_modify(db, &update, &record);

    if (err == ERR_EXISTS)
        duplicate_find(db, plan->resource, buf_view(&change->after), false, &change->problem);
    return err;
}

static enum err work(struct mongo_db *db, struct write *write)
{
    struct change *change = (struct change *)write;
    struct unchanged unchanged;
    bool counted;
    enum err err;

    unchanged_init(&unchanged, buf_view(&change->raw), &change->attempt);
    counted = add_conditions(change, &unchanged);
    err = change->remove ? collection_remove(db, write->plan->resource->collection, unchanged.items,
                                             unchanged.count)
                         : modify(db, change, &unchanged, counted);
    if (err != ERR_OK)
        return err;
    if (change->remove || change->after.len > 0)
        write_own(write, change->id, change->remove ? STR("") : buf_view(&change->after));
    if (change->remove || change->after.len > 0)
        write_count(write, buf_view(&change->raw), -1);
    if (change->after.len > 0)
        write_count(write, buf_view(&change->after), 1);
    return ERR_OK;
}

static void answer(struct write *write)
{
    struct change *change = (struct change *)write;
    struct response *response = &write->request->response;
    struct buf text = BUF_INIT(RESPONSE_BODY_MAX);
    char room[ETAG_SIZE];

    if (change->remove) {
        views_forget(write->app->views, write->plan, change->id);
        buf_literal(&text, "{\"success\":true,\"message\":");
        buf_json_string(&text, write->plan->resource->removed);
        buf_char(&text, '}');
        buf_str(&response->body, buf_view(&text));
        buf_free(&text);
        answer_json(write->request, 200, STR("no-store"));
    } else {
        response_header(response, STR("ETag"),
                        plan_item_etag(write->plan, buf_view(&change->json), room));
        write_send(write, 200, buf_view(&change->json));
    }
    write_done(write);
}

/* Not as it was read: looked at again, as long as there is time. */
static void failed(struct write *write, enum err err)
{
    struct change *change = (struct change *)write;

    if (err == ERR_EXISTS && change->problem.count > 0) {
        refuse(change, 409, "Exists already");
    } else if (err != ERR_NOT_FOUND) {
        write_fail(write, err);
    } else if (clock_mono_ms() < change->until_ms) {
        change->tries++;
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
    memcpy(change->room, id.ptr, id.len);
    change->id = str_make(change->room, id.len);
    change->route = route;
    change->until_ms = clock_mono_ms() + READ_MS;
    change->write.work = work;
    change->write.answer = answer;
    change->write.failed = failed;
    change->write.destroy = destroy;
    arena_init(&change->attempt, NULL, 0);
    buf_init(&change->read_json, JSON_MAX);
    buf_init(&change->raw, RAW_MAX);
    buf_init(&change->after, RAW_MAX);
    buf_init(&change->json, JSON_MAX);
    return change;
}

/* What is wrong with any document is told before one is read. */
static enum err take_body(struct change *change, json_t *root)
{
    struct write *write = &change->write;
    const struct validation validation = {.resource = write->plan->resource,
                                          .mode = VALIDATE_PUT,
                                          .now_ms = write->request->arrived_ms,
                                          .arena = &write->arena,
                                          .problem = &change->problem};
    enum err err;

    problem_init(&change->problem, &write->arena);
    if (write->request->method == METHOD_PATCH) {
        change->patch = root;
        return make_draft(change, STR(""));
    }
    err = validate(&validation, root, &change->draft);
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
        refuse(change, 400, "Invalid input");
}

void remove_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct change *change = change_new(context, route, request, id);

    if (change == NULL)
        return;
    change->remove = true;
    start(change);
}
