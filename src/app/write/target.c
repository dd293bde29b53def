/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/target.h"

#include "app/write/duplicate.h"
#include "app/write/unchanged.h"
#include "app/write/write_tags.h"
#include "http/conditional.h"

/* A document may have 16 MiB, and each of its bytes six characters of JSON. */
enum { EXACT_TRIES = 8, RAW_MAX = 17 << 20, JSON_MAX = 128 << 20 };

/* --- Life --- */

void target_init(struct target *target, const struct plan *plan, const struct request *request,
                 const struct route *route, struct str id, struct arena *arena)
{
    const struct visitor *visitor = request_visitor(request);

    *target = (struct target){.plan = plan,
                              .signed_in = visitor != NULL,
                              .now_ms = request->arrived_ms,
                              .arena = arena,
                              .owned = (route->flags & ROUTE_OWNED) != 0 ||
                                       plan->resource->read == ACCESS_OWNER};
    if (visitor != NULL) { /* the request may be answered while a thread is still at work */
        target->admin = visitor->profile.role == ROLE_ADMIN;
        target->visitor = visitor->profile.id;
    }
    memcpy(target->room, id.ptr, id.len);
    target->id = str_make(target->room, id.len);
    arena_init(&target->attempt, NULL, 0);
    problem_init(&target->problem, &target->attempt);
    buf_init(&target->read_json, JSON_MAX);
    buf_init(&target->raw, RAW_MAX);
    buf_init(&target->after, RAW_MAX);
    buf_init(&target->json, JSON_MAX);
}

void target_free(struct target *target)
{
    json_decref(target->patch);
    arena_reset(&target->attempt);
    buf_free(&target->read_json);
    buf_free(&target->raw);
    buf_free(&target->after);
    buf_free(&target->json);
}

void target_reset(struct target *target)
{
    arena_reset(&target->attempt);
    problem_init(&target->problem, &target->attempt);
    target->status = 0;
    buf_reset(&target->read_json);
    buf_reset(&target->raw);
    buf_reset(&target->after);
    buf_reset(&target->json);
}

struct value target_id(const struct target *target)
{
    return id_value(target->plan->resource->id, target->id);
}

/* A field of the document as it was read; VALUE_NONE also where there is no such field. */
static struct value known(const struct target *target, struct str field)
{
    struct value value = {.type = VALUE_NONE};

    if (field.len == 0 || document_value(buf_view(&target->raw), field, false, &value) != ERR_OK)
        value.type = VALUE_NONE;
    return value;
}

/* --- Reading and judging --- */

/* On a thread: hashing megabytes would hold the loop. */
static void make_etag(struct target *target, const struct buf *json)
{
    target->etag = plan_item_etag(target->plan, buf_view(json), target->etag_room);
}

void target_found(struct target *target)
{
    if (target->match.ptr != NULL || target->none.ptr != NULL)
        make_etag(target, &target->read_json);
}

enum err target_read(struct mongo_db *db, struct target *target)
{
    const struct condition condition = {STR("_id"), OP_EQ, target_id(target)};
    const struct found_document record = {
        .shape = &target->plan->shape, .out = &target->read_json, .raw = &target->raw};
    enum err err =
        collection_find_one(db, target->plan->resource->collection, &condition, 1, 0, &record);

    if (err == ERR_OK)
        target_found(target);
    return err;
}

static bool is_admitted(const struct target *target)
{
    struct value owner = known(target, target->plan->resource->kept.owner);

    if (!target->owned)
        return true;
    return target->signed_in &&
           (target->admin || (owner.type == VALUE_OID &&
                              memcmp(&owner.oid, &target->visitor, sizeof owner.oid) == 0));
}

/* If-Match and If-None-Match (RFC 9110 section 13.1) against the document as it is. */
static bool meets_preconditions(struct target *target)
{
    /* An empty list names no document. */
    target->matched = target->match.ptr != NULL && !str_eq(str_trim(target->match), STR("*"));
    if (target->match.ptr != NULL && !etag_is_listed(target->match, target->etag))
        return false;
    return target->none.len == 0 || !etag_is_listed(target->none, target->etag);
}

static enum err make_draft(struct target *target, struct str before)
{
    const struct validation validation = {.resource = target->plan->resource,
                                          .mode = VALIDATE_PATCH,
                                          .now_ms = target->now_ms,
                                          .before = before,
                                          .arena = &target->attempt,
                                          .problem = &target->problem};

    return validate(&validation, target->patch, &target->draft);
}

enum err target_check(struct target *target)
{
    return make_draft(target, STR(""));
}

void target_refuse(struct target *target, unsigned status, struct str message)
{
    target->status = status;
    target->message = message;
}

static void judge_read(struct target *target)
{
    const struct resource *resource = target->plan->resource;
    struct str raw = buf_view(&target->raw);

    if (!is_admitted(target) && resource->read == ACCESS_OWNER)
        target_refuse(target, 404, resource->absent);
    else if (!is_admitted(target))
        target_refuse(target, 403, STR("Only who has made it may change it"));
    else if (!meets_preconditions(target))
        target_refuse(target, 412, STR("The item has changed since that version"));
    else if (target->patch != NULL && make_draft(target, raw) != ERR_OK)
        target_refuse(target, 400, STR("Invalid input"));
    else if (!target->remove && assignments_keep(resource, raw, &target->draft, target->arena,
                                                 &target->problem) != ERR_OK)
        target_refuse(target, 409,
                      STR("A field that the server keeps has something else in this document"));
    else if (!target->remove && collection_preview(raw, target->draft.items, target->draft.count,
                                                   &target->after) != ERR_OK)
        buf_reset(&target->after);
}

void target_judge(struct target *target)
{
    judge_read(target);
    buf_clear(&target->read_json, 0);
}

/* Where the document afterwards is not known, every partition may be its. */
void target_tags(const struct target *target, struct write *write)
{
    struct value owner = known(target, target->plan->resource->kept.owner);

    write_tag_item(write, target->id);
    write_tag_owner(write, &owner);
    write_tag_partitions(write, buf_view(&target->raw));
    if (!target->remove && target->after.len > 0)
        write_tag_partitions(write, buf_view(&target->after));
    else if (!target->remove)
        write_tag_all_partitions(write);
}

/* --- Writing --- */

/* What match has compared, where no version covers it; else what is written. */
static void add_touched(const struct target *target, struct unchanged *unchanged)
{
    const struct field *document = target->plan->resource->document;
    struct str last = STR("");

    for (size_t i = 0; target->matched && i < document->field_count; i++)
        unchanged_path(unchanged, document->fields[i].name);
    for (size_t i = 0; i < target->draft.count; i++) {
        struct str path = target->draft.items[i].field;
        struct str top = str_make(path.ptr, str_find(path, '.'));

        if (!str_eq(top, last) && (!target->matched || field_property(document, top) == NULL))
            unchanged_path(unchanged, top);
        last = top;
    }
}

/* What must still hold.  A version covers all of a document, but for mongoose's, which only some
 * changes raise.  Partition and time show also changes that do not raise it. */
static bool add_conditions(const struct target *target, struct unchanged *unchanged)
{
    const struct resource *resource = target->plan->resource;
    struct value version = known(target, resource->kept.version);
    bool whole = target->matched || target->patch != NULL;
    bool exact = whole || target->tries < EXACT_TRIES;
    bool counted = version.type == VALUE_INT && version.integer < INT64_MAX &&
                   !str_eq(resource->kept.version, MONGOOSE_VERSION);

    unchanged_add(unchanged, STR("_id"), OP_EQ, target_id(target));
    if (target->owned && resource->kept.owner.len > 0)
        unchanged_path(unchanged, resource->kept.owner);
    if (resource->partition.len > 0)
        unchanged_path(unchanged, resource->partition);
    if (exact && resource->kept.updated.len > 0)
        unchanged_path(unchanged, resource->kept.updated);
    if (exact && counted && (whole || !target->remove))
        unchanged_add(unchanged, resource->kept.version, OP_EQ, version);
    else if (exact && !counted)
        add_touched(target, unchanged);
    return exact && counted;
}

static enum err modify(struct mongo_db *db, struct target *target,
                       const struct unchanged *unchanged, bool counted)
{
    const struct plan *plan = target->plan;
    const struct update update = {.collection = plan->resource->collection,
                                  .conditions = unchanged->items,
                                  .condition_count = unchanged->count,
                                  .assignments = target->draft.items,
                                  .assignment_count = target->draft.count,
                                  .before = counted ? buf_view(&target->raw) : STR("")};
    const struct found_document record = {.shape = &plan->shape, .out = &target->json};
    enum err err = collection_modify(db, &update, &record);

    if (err == ERR_EXISTS)
        duplicate_find(db, plan->resource, buf_view(&target->after), false, &target->problem);
    return err;
}

static enum err write_judged(struct mongo_db *db, struct target *target, struct write *write)
{
    struct unchanged unchanged;
    bool counted;
    enum err err;

    unchanged_init(&unchanged, buf_view(&target->raw), &target->attempt);
    counted = add_conditions(target, &unchanged);
    err = target->remove ? collection_remove(db, target->plan->resource->collection,
                                             unchanged.items, unchanged.count)
                         : modify(db, target, &unchanged, counted);
    if (err != ERR_OK)
        return err;
    if (target->remove || target->after.len > 0)
        write_own(write, target->id, target->remove ? STR("") : buf_view(&target->after));
    if (target->remove || target->after.len > 0)
        write_count(write, buf_view(&target->raw), -1);
    if (target->after.len > 0)
        write_count(write, buf_view(&target->after), 1);
    if (!target->remove)
        make_etag(target, &target->json);
    return ERR_OK;
}

enum err target_write(struct mongo_db *db, struct target *target, struct write *write)
{
    enum err err = write_judged(db, target, write);

    buf_clear(&target->raw, 0);
    buf_clear(&target->after, 0);
    return err;
}
