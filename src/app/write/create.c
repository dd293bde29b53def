/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/write/once.h"
#include "app/write/validate.h"
#include "app/write/write.h"

/* POST of one object, or of an array of up to BULK_MAX: one write with one invalidation, and a
 * result for each. */

enum { JSON_MAX = 4 << 20 };

struct newcomer {
    struct draft draft;
    struct problem problem; /* with errors: not written */
    enum err err;
    char name[ITEM_NAME_MAX];
};

struct create {
    struct write write; /* first */
    bool many;
    size_t count, written;
    bool once;       /* the ids are those of an Idempotency-Key: what exists was made by it */
    struct buf made; /* with once: the JSON of the one that there was */
    int64_t version; /* of what was made, by others' changes since */
    struct newcomer *items;
    struct document *documents; /* those that are written, in order */
    enum err *errs;
};

/* One of those that are written is there now. */
static void count_one(struct create *create, size_t i)
{
    const struct document *document = &create->documents[i];
    const struct assignment *scope =
        assignment_find(document->fields, document->count, create->write.plan->resource->scope);

    write_count(&create->write, scope != NULL ? &scope->value : NULL, 1);
}

static enum err insert_one(struct mongo_db *db, struct create *create)
{
    const struct plan *plan = create->write.plan;
    struct str collection = plan->resource->name;
    struct condition condition = {STR("_id"), OP_EQ, create->documents[0].fields[0].value};
    struct value found[RESOURCE_FIELDS_MAX];
    struct record record = {.shape = &plan->shape, .out = &create->made, .captured = found};
    enum err err = collection_insert(db, collection, &create->documents[0]);

    if (err == ERR_OK)
        count_one(create, 0);
    if (err != ERR_EXISTS || !create->once)
        return err;
    err = collection_find_one(db, collection, &condition, 1, 0, &record);
    if (err == ERR_OK)
        create->version = plan_version(plan, found);
    return err;
}

static enum err work(struct mongo_db *db, struct write *write)
{
    struct create *create = (struct create *)write;
    struct str collection = write->plan->resource->name;
    bool unknown = false, done = false;
    enum err err;

    if (!create->many)
        return insert_one(db, create);
    err = collection_insert_many(db, collection, create->documents, create->written, create->errs);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < create->written; i++) {
        if (create->errs[i] == ERR_OK)
            count_one(create, i);
        if (create->once && create->errs[i] == ERR_EXISTS)
            create->errs[i] = ERR_OK;
        done = done || create->errs[i] == ERR_OK;
        unknown = unknown || create->errs[i] == ERR_UNKNOWN;
    }
    return unknown ? ERR_UNKNOWN : done ? ERR_OK : create->errs[0];
}

static void destroy(struct write *write)
{
    buf_free(&((struct create *)write)->made);
}

/* --- Answers --- */

static void answer_one(struct write *write)
{
    struct create *create = (struct create *)write;
    struct response *response = &write->request->response;
    const struct value *id = draft_value(&create->items[0].draft, STR("_id"));
    struct buf text = BUF_INIT(JSON_MAX);
    char hex[OID_HEX_SIZE], room[ITEM_ETAG_MAX];

    oid_text(&id->oid, hex);
    buf_str(&text, write->plan->resource->path);
    buf_char(&text, '/');
    buf_append(&text, hex, sizeof hex);
    response_header(response, STR("Location"), buf_view(&text));
    response_header(response, STR("ETag"),
                    plan_item_etag(create->version, buf_view(&create->made), room));
    buf_reset(&text);
    if (create->made.len > 0)
        buf_str(&text, buf_view(&create->made));
    else
        draft_json(write->plan->resource, &create->items[0].draft, &text);
    answer_data(write->request, 201, buf_view(&text));
    buf_free(&text);
    write_done(write);
}

static void put_result(const struct create *create, const struct newcomer *item, struct buf *out)
{
    if (item->err == ERR_OK && item->problem.count == 0) {
        buf_literal(out, "{\"success\":true,\"data\":");
        draft_json(create->write.plan->resource, &item->draft, out);
    } else {
        buf_literal(out, "{\"success\":false,\"message\":");
        buf_json_string(out, item->problem.count > 0    ? STR("Invalid input")
                             : item->err == ERR_EXISTS  ? STR("Exists already")
                             : item->err == ERR_REFUSED ? STR("Refused by a rule of the database")
                                                        : STR("Not written"));
        problem_errors_json(out, &item->problem);
    }
    buf_char(out, '}');
}

static void answer_many(struct write *write)
{
    struct create *create = (struct create *)write;
    struct buf *body = &write->request->response.body;
    size_t good = 0;

    for (size_t i = 0, at = 0; i < create->count; i++) {
        struct newcomer *item = &create->items[i];
        if (item->problem.count == 0 && create->written > 0)
            item->err = create->errs[at++];
        good += item->problem.count == 0 && item->err == ERR_OK;
    }
    buf_str(body, good == create->count ? STR("{\"success\":true") : STR("{\"success\":false"));
    if (good < create->count)
        buf_str(body, good > 0 ? STR(",\"message\":\"Some were not created\"")
                               : STR(",\"message\":\"None was created\""));
    buf_literal(body, ",\"count\":");
    buf_uint(body, good);
    buf_literal(body, ",\"results\":[");
    for (size_t i = 0; i < create->count; i++) {
        if (i > 0)
            buf_char(body, ',');
        put_result(create, &create->items[i], body);
    }
    buf_literal(body, "],\"requestId\":\"");
    buf_str(body, write->request->id);
    buf_literal(body, "\"}");
    answer_json(write->request,
                good == create->count ? 201
                : good > 0            ? 207
                                      : 400,
                STR("no-store"));
    write_done(write);
}

/* Every one of them was refused by the database, each with its own reason. */
static void failed_many(struct write *write, enum err err)
{
    if (refused_is(err))
        answer_many(write);
    else
        write_fail(write, err);
}

/* --- From the body to documents --- */

/* Who made it, when that is known, and the tag of what they own. */
static void take_owner(struct create *create, struct draft *draft)
{
    const struct visitor *visitor = request_visitor(create->write.request);
    struct arena *arena = &create->write.arena;

    if (visitor == NULL)
        return;
    draft->items[draft->count++] =
        (struct assignment){STR("ownerId"), ASSIGN_SET, value_oid(visitor->profile.id)};
    write_tag(&create->write,
              owner_tag(&visitor->profile.id, arena_alloc(arena, PROFILE_NAME_MAX)));
}

static void take_item(struct create *create, size_t i, const json_t *object)
{
    struct write *write = &create->write;
    struct newcomer *item = &create->items[i];
    const struct plan *plan = write->plan;

    problem_init(&item->problem, &write->arena);
    item->err = ERR_OK;
    if (validate(plan->resource, object, VALIDATE_CREATE, write->request->arrived_ms, &write->arena,
                 &item->problem, &item->draft) != ERR_OK)
        return;
    create->once = once_id(write->request, i, &item->draft.items[0].value.oid);
    take_owner(create, &item->draft);
    create->documents[create->written++] = (struct document){item->draft.items, item->draft.count};
    write_tag(write, plan_item_name(plan, &draft_value(&item->draft, STR("_id"))->oid, item->name));
    write_tag_scope(write, draft_value(&item->draft, plan->resource->scope));
}

static struct create *create_new(struct app *app, const struct plan *plan, struct request *request,
                                 const json_t *root)
{
    struct create *create = write_new(sizeof *create, app, plan, request);
    struct arena *arena = &create->write.arena;

    _Static_assert(2 * BULK_MAX + 2 <= CACHE_WRITE_TAGS_MAX, "item and scope of each, collection, "
                                                             "owner");
    _Static_assert(BULK_MAX + 1 <= CACHE_WRITE_TOTALS_MAX, "scope of each, collection");

    create->many = json_is_array(root);
    create->count = create->many ? json_array_size(root) : 1;
    create->version = 1;
    create->items = arena_alloc(arena, create->count * sizeof create->items[0]);
    create->documents = arena_alloc(arena, create->count * sizeof create->documents[0]);
    create->errs = arena_zalloc(arena, create->count * sizeof create->errs[0]);
    create->write.tags = arena_alloc(arena, (2 * create->count + 2) * sizeof(struct str));
    create->write.totals = arena_alloc(arena, (create->count + 1) * sizeof(struct cache_total));
    create->write.work = work;
    create->write.destroy = destroy;
    buf_init(&create->made, JSON_MAX);
    create->write.answer = create->many ? answer_many : answer_one;
    create->write.failed = create->many ? failed_many : NULL;
    write_tag_collection(&create->write);
    for (size_t i = 0; i < create->count; i++)
        take_item(create, i, create->many ? json_array_get(root, i) : root);
    return create;
}

static bool has_good_size(struct request *request, const json_t *root, struct problem *problem)
{
    size_t count = json_array_size(root);

    if (!json_is_array(root) || (count > 0 && count <= BULK_MAX))
        return true;
    problem_addf(problem, STR("body"), "must be an array of 1 to %d objects", BULK_MAX);
    problem_send_invalid(request, problem);
    return false;
}

void create_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    struct create *create;
    struct problem problem;
    json_t *root;

    (void)id;
    if (!take_no_query(request) || (root = write_body(request, true, &problem)) == NULL)
        return;
    if (has_good_size(request, root, &problem)) {
        create = create_new(app, app_plan(app, route->data), request, root);
        if (create->written > 0) {
            write_start(&create->write);
        } else if (create->many) {
            answer_many(&create->write);
        } else {
            problem_send_invalid(request, &create->items[0].problem);
            write_done(&create->write);
        }
    }
    json_decref(root);
}
