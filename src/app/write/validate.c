/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/validate.h"

#include <math.h>
#include <stdlib.h>

#include "base/idiom.h"
#include "schema/check.h"

enum { ROOM = 16, BSON_DOCUMENT = 0x03 };

struct job {
    const struct validation *validation;
    bool restored; /* the document becomes as it is given */
    struct check check;
    struct assignments *draft;
};

static void validate_refuse(const struct job *job, struct str path, const char *message)
{
    problem_add(job->validation->problem, path, str_from(message));
}

void assignments_put(struct assignments *draft, struct arena *arena, struct str field,
                     enum assign_op op, struct value value)
{
    if (draft->count == draft->room) {
        size_t room = draft->room > 0 ? 2 * draft->room : ROOM;
        struct assignment *items = arena_alloc(arena, room * sizeof *items);

        if (draft->count > 0)
            memcpy(items, draft->items, draft->count * sizeof *items);
        draft->items = items;
        draft->room = room;
    }
    draft->items[draft->count++] = (struct assignment){field, op, value};
}

static void put_job(const struct job *job, struct str field, enum assign_op op, struct value value)
{
    assignments_put(job->draft, job->validation->arena, field, op, value);
}

static bool is_kept(const struct kept_fields *kept, struct str name)
{
    return name.len > 0 && (str_eq(name, kept->version) || str_eq(name, kept->created) ||
                            str_eq(name, kept->updated) || str_eq(name, kept->owner));
}

static bool is_servers(const struct job *job, struct str name)
{
    return str_eq(name, STR("_id")) || is_kept(&job->validation->resource->kept, name);
}

/* A field that the server keeps, and shows. */
static bool is_shown(const struct validation *validation, struct str name)
{
    return is_kept(&validation->resource->kept, name) &&
           field_property(validation->resource->document, name) != NULL;
}

/* --- A whole document --- */

/* A whole number, 2.0 too where a double is exact. */
static bool take_whole(const json_t *json, int64_t *whole)
{
    double real = json_real_value(json);

    if (json_is_integer(json))
        *whole = json_integer_value(json);
    else if (json_is_real(json) && fabs(real) < 0x1p53 && floor(real) == real)
        *whole = (int64_t)real;
    else
        return false;
    return true;
}

/* The text of a JSON string, or of a whole number where ids are such; else empty. */
static struct str id_text_of(const struct validation *validation, const json_t *json)
{
    struct buf digits = BUF_INIT(DECIMAL_MAX + 1);
    struct str text;
    int64_t whole;

    if (validation->resource->id != ID_INTEGER)
        return str_make(json_string_value(json), json_string_length(json));
    if (!take_whole(json, &whole))
        return STR("");
    buf_int(&digits, whole);
    text = arena_str(validation->arena, buf_view(&digits));
    buf_free(&digits);
    return text;
}

enum err validate_id(const struct validation *validation, const json_t *json, struct value *id)
{
    enum id_type type = validation->resource->id;
    char *room = arena_alloc(validation->arena, ID_TEXT_MAX);
    struct str text = id_text_of(validation, json), canonical;

    *id = value_null();
    if (type != ID_STRING && type != ID_INTEGER && !validation->restores)
        problem_add(validation->problem, STR("_id"), STR("is set by the server"));
    else if (id_parse(type, text, room, &canonical) != ERR_OK)
        problem_add(validation->problem, STR("_id"), id_rule(type));
    else
        *id = id_value(type, arena_str(validation->arena, canonical));
    return id->type != VALUE_NULL ? ERR_OK : ERR_INVALID;
}

static void put_id(const struct job *job, const json_t *object)
{
    const json_t *given = json_object_get(object, "_id");
    struct value id;

    if (given == NULL)
        id =
            id_new(job->validation->resource->id, arena_alloc(job->validation->arena, ID_TEXT_MAX));
    else
        (void)validate_id(job->validation, given, &id);
    put_job(job, STR("_id"), ASSIGN_SET, id);
}

static bool is_restored(const struct validation *validation, const json_t *object)
{
    const struct resource *resource = validation->resource;
    const struct field *document = resource->document;
    bool made = resource->id != ID_STRING && resource->id != ID_INTEGER;

    if (!validation->restores)
        return false;
    for (size_t i = 0; i < document->field_count; i++)
        if (is_kept(&resource->kept, document->fields[i].name) &&
            json_object_getn(object, document->fields[i].name.ptr, document->fields[i].name.len) !=
                NULL)
            return true;
    return made && json_object_get(object, "_id") != NULL;
}

/* The object without what is the server's, which is refused unless it is restored. */
static json_t *clients_part(const struct job *job, const json_t *object)
{
    json_t *part = json_copy((json_t *)(uintptr_t)object);
    const struct kept_fields *kept = &job->validation->resource->kept;
    const struct str names[] = {kept->version, kept->created, kept->updated, kept->owner};

    json_object_del(part, "_id");
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].len > 0 && !(job->restored && is_shown(job->validation, names[i])) &&
            json_object_getn(part, names[i].ptr, names[i].len) != NULL) {
            validate_refuse(job, names[i], "is set by the server");
            json_object_deln(part, names[i].ptr, names[i].len);
        }
    return part;
}

/* mongoose counts __v from 0. */
static int64_t first_version(struct str name)
{
    return str_eq(name, STR("__v")) ? 0 : 1;
}

/* The given members that the server keeps, and of the others what they are at first. */
static void put_kept(const struct job *job, const struct value *given)
{
    const struct validation *validation = job->validation;
    const struct kept_fields *kept = &validation->resource->kept;
    const struct value now = value_date(validation->now_ms);
    const struct value version = value_int(first_version(kept->version));
    const struct value owner = validation->owner != NULL ? value_oid(*validation->owner)
                                                         : (struct value){.type = VALUE_NONE};
    const struct member first[] = {
        {kept->created, now}, {kept->updated, now}, {kept->version, version}, {kept->owner, owner}};

    for (size_t i = 0; i < COUNT(first); i++) {
        bool restored = job->restored && is_shown(validation, first[i].name);
        for (size_t j = 0; restored && j < given->object.count; j++)
            if (str_eq(given->object.members[j].name, first[i].name))
                put_job(job, first[i].name, ASSIGN_SET, given->object.members[j].value);
        if (!restored && first[i].name.len > 0 && first[i].value.type != VALUE_NONE)
            put_job(job, first[i].name, ASSIGN_SET, first[i].value);
    }
}

static void read_whole(const struct job *job, const json_t *object)
{
    const struct resource *resource = job->validation->resource;
    json_t *part = clients_part(job, object);
    struct value value = value_object(NULL, 0);

    put_id(job, object);
    if (check_value(&job->check, resource->document, STR(""), part, &value) != ERR_OK)
        value = value_object(NULL, 0);
    for (size_t i = 0; i < value.object.count; i++)
        if (!is_kept(&resource->kept, value.object.members[i].name))
            put_job(job, value.object.members[i].name, ASSIGN_SET, value.object.members[i].value);
    put_kept(job, &value);
    json_decref(part);
}

/* --- A change --- */

static int compare_paths(struct str a, struct str b)
{
    struct str left = STR(""), right = STR("");
    int order = 0;

    while (order == 0 && str_split(&a, '.', &left) && str_split(&b, '.', &right))
        order = str_cmp(left, right);
    return order;
}

static int compare_items(const void *a, const void *b)
{
    const struct assignment *left = a, *right = b;

    return left->op != right->op ? (int)left->op - (int)right->op
                                 : compare_paths(left->field, right->field);
}

/* As collection_preview needs them, to know the places of new fields. */
static void sort_draft(struct assignments *draft)
{
    if (draft->count > 1)
        qsort(draft->items, draft->count, sizeof draft->items[0], compare_items);
}

/* What a merge makes of nothing: null removes (RFC 7396 section 2). */
static json_t *without_nulls(const json_t *json)
{
    json_t *object = (json_t *)(uintptr_t)json, *copy;

    if (!json_is_object(json))
        return json_incref(object);
    copy = json_object();
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        json_t *value = json_object_iter_value(at);
        if (!json_is_null(value))
            json_object_setn_new(copy, json_object_iter_key(at), json_object_iter_key_len(at),
                                 without_nulls(value));
    }
    return copy;
}

/* Whether the document has an object at this path, as far as that is known. */
static bool holds_object(const struct job *job, struct str path)
{
    struct value value;

    if (job->validation->before.len == 0)
        return true;
    return document_value(job->validation->before, path, false, &value) == ERR_OK &&
           value.type == VALUE_RAW && value.raw.kind == BSON_DOCUMENT;
}

/* field: NULL for one that is not declared. */
static void set_member(const struct job *job, const struct field *field, struct str path,
                       const json_t *json)
{
    json_t *given = job->validation->mode == VALIDATE_PATCH
                        ? without_nulls(json)
                        : json_incref((json_t *)(uintptr_t)json);
    struct value value;
    enum err err = field != NULL ? check_value(&job->check, field, path, given, &value)
                                 : check_anything(&job->check, path, given, &value);

    if (err == ERR_OK)
        put_job(job, path, ASSIGN_SET, value);
    json_decref(given);
}

static void remove_member(const struct job *job, const struct field *field, struct str path)
{
    if (field != NULL && (field->flags & (FIELD_SERVER | FIELD_READ_ONLY)) != 0 &&
        !job->check.read_only)
        validate_refuse(job, path, "is read-only");
    else if (field != NULL && (field->flags & FIELD_REQUIRED) != 0)
        validate_refuse(job, path, "is required and cannot be removed");
    else
        put_job(job, path, ASSIGN_UNSET, value_null());
}

static void read_members(const struct job *job, const struct field *object, struct str up,
                         const json_t *json);

static void read_member(const struct job *job, const struct field *field, struct str path,
                        const json_t *json)
{
    bool patch = job->validation->mode == VALIDATE_PATCH;

    if (json_is_null(json) && (patch || field == NULL || !check_takes_null(field)))
        remove_member(job, field, path);
    else if (patch && json_is_object(json) && (field == NULL || field->type == FIELD_OBJECT) &&
             holds_object(job, path))
        read_members(job, field, path, json);
    else
        set_member(job, field, path, json);
}

/* object, and field: NULL for one that is not declared. */
static void read_members(const struct job *job, const struct field *object, struct str up,
                         const json_t *json)
{
    bool open = object == NULL || (object->flags & FIELD_OPEN) != 0;
    json_t *from = (json_t *)(uintptr_t)json;

    for (void *at = json_object_iter(from); at != NULL; at = json_object_iter_next(from, at)) {
        struct str name = str_make(json_object_iter_key(at), json_object_iter_key_len(at));
        const struct field *field = object != NULL ? field_property(object, name) : NULL;
        struct str path = up.len > 0 ? ARENA_JOIN(job->validation->arena, up, STR("."), name)
                                     : arena_str(job->validation->arena, name);

        if (up.len == 0 && job->validation->restores && is_shown(job->validation, name))
            continue;
        if (up.len == 0 && is_servers(job, name))
            validate_refuse(job, path, "is set by the server");
        else if (field == NULL && !open)
            validate_refuse(job, path, "is not a known field");
        else if (field != NULL || check_key(&job->check, path, name) == ERR_OK)
            read_member(job, field, path, json_object_iter_value(at));
    }
}

static void read_change(const struct job *job, const json_t *object)
{
    const struct resource *resource = job->validation->resource;

    read_members(job, resource->document, STR(""), object);
    if (resource->kept.updated.len > 0)
        put_job(job, resource->kept.updated, ASSIGN_SET, value_date(job->validation->now_ms));
    if (resource->kept.version.len > 0)
        put_job(job, resource->kept.version, ASSIGN_INC, value_int(1));
    sort_draft(job->draft);
}

enum err validate(const struct validation *validation, const json_t *object,
                  struct assignments *draft)
{
    bool create = validation->mode == VALIDATE_CREATE;
    bool restored = create && is_restored(validation, object);
    const struct job job = {.validation = validation,
                            .restored = restored,
                            .check = {.arena = validation->arena,
                                      .problem = validation->problem,
                                      .now_ms = validation->now_ms,
                                      .loose_times = validation->loose_times,
                                      .defaults = create && !restored,
                                      .read_only = validation->restores},
                            .draft = draft};

    *draft = (struct assignments){0};
    if (!json_is_object(object))
        problem_add(validation->problem, STR("body"), STR("must be a JSON object"));
    else if (create)
        read_whole(&job, object);
    else
        read_change(&job, object);
    return validation->problem->count == 0 ? ERR_OK : ERR_INVALID;
}

const struct value *assignments_value(const struct assignments *draft, struct str field)
{
    const struct assignment *item = assignment_find(draft->items, draft->count, field);

    return item != NULL && item->op == ASSIGN_SET ? &item->value : NULL;
}

/* --- What the server keeps --- */

static struct assignment *find_item(const struct assignments *draft, struct str field)
{
    for (size_t i = 0; i < draft->count; i++)
        if (field.len > 0 && str_eq(draft->items[i].field, field))
            return &draft->items[i];
    return NULL;
}

static bool is_whole(const struct value *value)
{
    return value->type == VALUE_INT ||
           (value->type == VALUE_DOUBLE && fabs(value->number) < 0x1p53 &&
            floor(value->number) == value->number);
}

/* A version that is missing counts as 0; behind the greatest there is none. */
static bool keep_version(struct str before, struct assignment *item)
{
    struct value value;
    enum err err = document_value(before, item->field, false, &value);
    bool absent = err != ERR_OK || value.type == VALUE_NONE || value.type == VALUE_NULL;
    bool last = !absent && value.type == VALUE_INT && value.integer == INT64_MAX;

    item->op = absent ? ASSIGN_SET : ASSIGN_INC;
    return absent || (is_whole(&value) && !last);
}

static bool keep_time(struct str before, const struct assignment *item)
{
    struct value value;

    return document_value(before, item->field, false, &value) != ERR_OK ||
           value.type == VALUE_NONE || value.type == VALUE_NULL || value.type == VALUE_DATE;
}

static void raise_mongoose_version(const struct resource *resource, struct str before,
                                   struct assignments *draft, struct arena *arena)
{
    struct assignment *item = find_item(draft, MONGOOSE_VERSION);
    struct value value = {.type = VALUE_NONE};
    bool counted;

    if (str_eq(resource->kept.version, MONGOOSE_VERSION) ||
        field_property(resource->document, MONGOOSE_VERSION) != NULL)
        return;
    counted = document_value(before, MONGOOSE_VERSION, false, &value) == ERR_OK && is_whole(&value);
    if (item == NULL && counted)
        assignments_put(draft, arena, MONGOOSE_VERSION, ASSIGN_INC, value_int(1));
    else if (item != NULL && !counted) /* it was counted when the document was last read */
        *item = draft->items[--draft->count];
}

enum err assignments_keep(const struct resource *resource, struct str before,
                          struct assignments *draft, struct arena *arena, struct problem *problem)
{
    struct assignment *version = find_item(draft, resource->kept.version);
    struct assignment *updated = find_item(draft, resource->kept.updated);
    size_t count = problem->count;

    if (version != NULL && !keep_version(before, version))
        problem_add(problem, version->field,
                    STR("is no version here that can be counted on, and is not replaced: the "
                        "resource's \"fields\" must "
                        "give the version another name, or null"));
    if (updated != NULL && !keep_time(before, updated))
        problem_add(problem, updated->field,
                    STR("is no time here, and is not replaced: the resource's \"fields\" must give "
                        "updatedAt another name, or null"));
    raise_mongoose_version(resource, before, draft, arena);
    sort_draft(draft);
    return problem->count == count ? ERR_OK : ERR_CONFLICT;
}
