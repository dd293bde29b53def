/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/people/auth.h"
#include "app/refused.h"
#include "app/write/derived.h"
#include "app/write/duplicate.h"
#include "app/write/once.h"
#include "app/write/validate.h"
#include "app/write/write_tags.h"
#include "app/write/written_item.h"
#include "base/json_writer.h"
#include "http/percent.h"

/* POST of one object, or of an array of up to BULK_MAX: one write with one invalidation, and a
 * result for each. */

enum { JSON_MAX = 4 << 20, DOCUMENT_MAX = 17 << 20 };

struct item {
    struct assignments draft;
    struct document document;
    struct str bytes;       /* its BSON; in the arena */
    struct str json;        /* as it is shown: of what was made before as it is now */
    struct problem problem; /* with errors it is not written */
    bool derived;           /* its id is that of an Idempotency-Key, which nobody else gives */
    enum err err;
};

struct create {
    struct write write; /* first */
    bool many;
    size_t count, sent_count;
    struct item *items;
    struct item **sent; /* those that are written, in order */
    struct document *documents;
    enum err *errs;
    struct written_item written; /* of the only one */
};

static void create_destroy(struct write *write)
{
    written_item_free(&((struct create *)write)->written);
}

static struct value id_of(const struct item *item)
{
    return item->draft.items[0].value;
}

/* --- Writing --- */

/* One that is there already: made by this very request when it was sent before, or by others. */
static enum err find_made(struct mongo_db *db, struct create *create, struct item *item)
{
    const struct plan *plan = create->write.plan;
    struct condition condition = {STR("_id"), OP_EQ, id_of(item)};
    struct buf json = BUF_INIT(JSON_MAX);
    struct found_document record = {.shape = &plan->shape, .out = &json};
    enum err err = ERR_NOT_FOUND;

    if (item->derived)
        err = collection_find_one(db, plan->resource->collection, &condition, 1, 0, &record);
    if (err == ERR_OK)
        item->json = arena_str(&create->write.arena, buf_view(&json));
    buf_free(&json);
    if (err != ERR_NOT_FOUND)
        return err;
    duplicate_find(db, plan->resource, item->bytes, true, &item->problem);
    return ERR_EXISTS;
}

static void note_made(struct create *create, const struct item *item)
{
    char room[ID_TEXT_MAX];
    struct value id = id_of(item);

    write_count(&create->write, item->bytes, 1);
    write_own(&create->write, id_text(create->write.plan->resource->id, &id, room), item->bytes);
}

static enum err insert_one(struct mongo_db *db, struct create *create)
{
    struct item *item = create->sent[0];
    enum err err = collection_insert(db, create->write.plan->resource->collection, &item->document);

    if (err == ERR_OK) {
        note_made(create, item);
        written_item_set(&create->written, &create->write, item->json);
    }
    return err == ERR_EXISTS ? find_made(db, create, item) : err;
}

static void take_refusal(void *context, size_t place, const struct refusal *refusal)
{
    const struct create *create = context;

    refused_errors(refusal, &create->sent[place]->problem);
}

static enum err insert_many(struct mongo_db *db, struct create *create)
{
    const struct outcomes outcomes = {create->errs, take_refusal, create};
    bool unknown = false, done = false;
    enum err err = collection_insert_many(db, create->write.plan->resource->collection,
                                          create->documents, create->sent_count, &outcomes);

    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < create->sent_count; i++) {
        struct item *item = create->sent[i];
        item->err = create->errs[i];
        if (item->err == ERR_OK)
            note_made(create, item);
        if (item->err == ERR_EXISTS)
            item->err = find_made(db, create, item);
        done = done || item->err == ERR_OK;
        unknown = unknown || item->err == ERR_UNKNOWN;
    }
    return unknown ? ERR_UNKNOWN : done ? ERR_OK : create->sent[0]->err;
}

static enum err create_work(struct mongo_db *db, struct write *write)
{
    struct create *create = (struct create *)write;

    return create->many ? insert_many(db, create) : insert_one(db, create);
}

/* --- Answers --- */

static void put_location(struct create *create)
{
    const struct resource *resource = create->write.plan->resource;
    struct value id = id_of(create->sent[0]);
    char text[ID_TEXT_MAX], encoded[3 * ID_TEXT_MAX];
    struct str path = percent_encode(id_text(resource->id, &id, text), encoded);

    response_header(&create->write.request->response, STR("Location"),
                    ARENA_JOIN(&create->write.arena, resource->path, STR("/"), path));
}

static void answer_one(struct write *write)
{
    struct create *create = (struct create *)write;
    struct str json = create->sent[0]->json;
    char room[ETAG_SIZE];

    put_location(create);
    response_header(&write->request->response, STR("ETag"),
                    plan_item_etag(write->plan, json, room));
    write_send(write, 201, json, NULL);
    write_done(write);
}

static void failed_one(struct write *write, enum err err)
{
    struct create *create = (struct create *)write;

    if (err != ERR_EXISTS || create->sent[0]->problem.count == 0) {
        write_fail(write, err);
        return;
    }
    problem_send(write->request, 409, STR("Exists already"), &create->sent[0]->problem);
    write_done(write);
}

static bool is_made(const struct item *item)
{
    return item->err == ERR_OK && item->problem.count == 0;
}

static void put_result(const struct item *item, struct buf *out)
{
    if (is_made(item)) {
        buf_literal(out, "{\"success\":true,\"data\":");
        buf_str(out, item->json);
    } else {
        buf_literal(out, "{\"success\":false,\"message\":");
        json_put_string(out, item->err == ERR_EXISTS    ? STR("Exists already")
                             : item->err == ERR_OK      ? STR("Invalid input")
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

    for (size_t i = 0; i < create->count; i++)
        good += is_made(&create->items[i]);
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
        put_result(&create->items[i], body);
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

static const struct write_kind create_one = {.size = sizeof(struct create),
                                             .work = create_work,
                                             .answer = answer_one,
                                             .failed = failed_one,
                                             .destroy = create_destroy};
static const struct write_kind create_many = {.size = sizeof(struct create),
                                              .work = create_work,
                                              .answer = answer_many,
                                              .failed = failed_many,
                                              .destroy = create_destroy};

/* --- From the body to documents --- */

/* The server chooses it, unless the client has. */
static void take_id_of_key(struct create *create, struct item *item, size_t i, const json_t *object)
{
    struct arena *arena = &create->write.arena;
    struct oid oid;

    if (json_object_get(object, "_id") != NULL || !once_id(create->write.request, i, &oid))
        return;
    item->derived = true;
    item->draft.items[0].value =
        derived_id(create->write.plan->resource->id, &oid, arena_alloc(arena, ID_TEXT_MAX));
}

/* As MongoDB gets it and as it is shown. */
static enum err render(struct create *create, struct item *item)
{
    struct buf bytes = BUF_INIT(DOCUMENT_MAX), json = BUF_INIT(JSON_MAX);
    enum err err;

    item->document = (struct document){item->draft.items, item->draft.count};
    err = document_bytes(&item->document, &bytes);
    if (err == ERR_OK)
        err = document_json(&item->document, &create->write.plan->shape, &json);
    item->bytes = arena_str(&create->write.arena, buf_view(&bytes));
    item->json = arena_str(&create->write.arena, buf_view(&json));
    buf_free(&bytes);
    buf_free(&json);
    return err;
}

static void take_tags(struct create *create, const struct item *item)
{
    const struct resource *resource = create->write.plan->resource;
    char room[ID_TEXT_MAX];
    struct value id = id_of(item);
    const struct value *owner =
        resource->kept.owner.len > 0 ? assignments_value(&item->draft, resource->kept.owner) : NULL;

    write_tag_item(&create->write, id_text(resource->id, &id, room));
    if (owner != NULL)
        write_tag_owner(&create->write, owner);
    write_tag_partitions(&create->write, item->bytes);
}

static void take_item(struct create *create, size_t i, const json_t *object)
{
    struct write *write = &create->write;
    struct item *item = &create->items[i];
    const struct visitor *visitor = request_visitor(write->request);
    const struct validation validation = {.resource = write->plan->resource,
                                          .mode = VALIDATE_CREATE,
                                          .now_ms = write->request->arrived_ms,
                                          .owner = visitor != NULL ? &visitor->profile.id : NULL,
                                          .arena = &write->arena,
                                          .problem = &item->problem};

    problem_init(&item->problem, &write->arena);
    item->err = ERR_OK;
    if (validate(&validation, object, &item->draft) != ERR_OK)
        return;
    take_id_of_key(create, item, i, object);
    if (render(create, item) != ERR_OK) {
        problem_add(&item->problem, STR("body"), STR("is too large"));
        return;
    }
    create->documents[create->sent_count] = item->document;
    create->sent[create->sent_count++] = item;
    take_tags(create, item);
}

static struct create *create_new(struct app *app, const struct plan *plan, struct request *request,
                                 const json_t *root)
{
    bool many = json_is_array(root);
    struct create *create = write_new(many ? &create_many : &create_one, app, plan, request);
    struct arena *arena = &create->write.arena;

    _Static_assert(BULK_MAX + 1 <= CACHE_WRITE_TOTALS_MAX, "one partition of each, collection");

    written_item_init(&create->written);
    create->many = many;
    create->count = create->many ? json_array_size(root) : 1;
    create->items = arena_zalloc(arena, create->count * sizeof create->items[0]);
    create->sent = arena_alloc(arena, create->count * sizeof(struct item *));
    create->documents = arena_alloc(arena, create->count * sizeof create->documents[0]);
    create->errs = arena_zalloc(arena, create->count * sizeof create->errs[0]);
    write_room(&create->write);
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

static void create_start(struct create *create)
{
    struct write *write = &create->write;
    struct value id = id_of(create->sent[0]);
    char room[ID_TEXT_MAX];

    if (!create->many) {
        written_item_make(&create->written, write, id_text(write->plan->resource->id, &id, room));
        written_item_tag(&create->written, write);
    }
    write_start(write);
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
        if (create->sent_count > 0) {
            create_start(create);
        } else if (create->many) {
            answer_many(&create->write);
        } else {
            problem_send_invalid(request, &create->items[0].problem);
            write_done(&create->write);
        }
    }
    json_decref(root);
}
