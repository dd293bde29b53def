/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/plan.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/json_writer.h"

enum { SECOND = 1000, ERROR_MS = 3600000, REFRESH_MS = 60000, NUMBER_MAX = 40 };

/* --- What is shown --- */

static const struct shape *shape_of(const struct field *object, struct arena *arena);

/* Only where every level says what belongs there: the first that does not is shown whole. */
static const struct shape *inner_shape(const struct field *field, struct arena *arena)
{
    while (field != NULL && field->type == FIELD_ARRAY)
        field = field->items;
    return field != NULL && field->type == FIELD_OBJECT ? shape_of(field, arena) : NULL;
}

static void fill_shape(const struct field *object, struct shape_field *fields, struct arena *arena)
{
    for (size_t i = 0; i < object->field_count; i++)
        fields[i] = (struct shape_field){.name = object->fields[i].name,
                                         .inner = inner_shape(&object->fields[i], arena)};
}

static const struct shape *shape_of(const struct field *object, struct arena *arena)
{
    struct shape_field *fields = arena_alloc(arena, (object->field_count + 1) * sizeof *fields);
    struct shape *shape = arena_alloc(arena, sizeof *shape);

    fill_shape(object, fields, arena);
    *shape = (struct shape){
        .fields = fields, .count = object->field_count, .open = (object->flags & FIELD_OPEN) != 0};
    return shape;
}

/* _id, then what is declared; where everything else is shown too, not what the server keeps. */
static void init_shape(struct plan *plan, struct arena *arena)
{
    const struct resource *resource = plan->resource;
    const struct field *document = resource->document;
    const struct kept_fields *kept = &resource->kept;
    const struct str hidden[] = {kept->version, kept->created, kept->updated, kept->owner};
    size_t most = 1 + document->field_count + sizeof hidden / sizeof hidden[0], count = 1;
    struct shape_field *fields = arena_alloc(arena, most * sizeof *fields);

    fields[0] = (struct shape_field){.name = STR("_id")};
    fill_shape(document, fields + count, arena);
    count += document->field_count;
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (hidden[i].len > 0 && field_property(document, hidden[i]) == NULL)
            fields[count++] = (struct shape_field){.name = hidden[i], .hidden = true};
    plan->shape = (struct shape){.fields = fields,
                                 .count = count,
                                 .whole = true,
                                 .open = (document->flags & FIELD_OPEN) != 0};
}

/* --- Parameters --- */

static void init_params(struct plan *plan)
{
    const struct resource *resource = plan->resource;

    for (size_t i = 0; i < PARAM_OPS; i++)
        plan->at[i] = resource->param_count;
    for (size_t i = 0; i < resource->param_count; i++) {
        enum param_op op = resource->params[i].op;
        uint64_t bit = UINT64_C(1) << i;
        plan->at[op] = i;
        plan->all |= bit;
        if (param_is_filter(op))
            plan->filters |= bit;
        if (op != PARAM_PAGE && op != PARAM_AFTER)
            plan->walk |= bit;
    }
}

static struct cache_class class_of(int64_t ttl_ms)
{
    return (struct cache_class){.ttl_ms = ttl_ms,
                                .refresh_ms = ttl_ms / 2 < REFRESH_MS ? ttl_ms / 2 : REFRESH_MS,
                                .error_ms = ttl_ms > 0 ? ERROR_MS : 0};
}

static int64_t shorter(int64_t ttl_ms, int64_t most_ms)
{
    return most_ms > 0 && most_ms < ttl_ms ? most_ms : ttl_ms;
}

void plan_limit(struct plan *plan, bool limited)
{
    const struct resource *resource = plan->resource;
    int64_t most_ms = limited ? resource->others_ms : 0;

    plan->item_class = class_of(shorter(resource->item_ttl_ms, most_ms));
    plan->list_class = class_of(shorter(resource->list_ttl_ms, most_ms));
    plan->total_class = plan->list_class;
    plan->item_class.negative = resource->item_ttl_ms > 0;
    plan->total_class.refresh_ms = 0;
}

void plan_init(struct plan *plan, const struct resource *resource, struct arena *arena)
{
    *plan = (struct plan){.resource = resource,
                          .all_items = ARENA_JOIN(arena, resource->singular, STR(":*"))};
    plan_limit(plan, false);
    init_shape(plan, arena);
    init_params(plan);
}

/* --- Names --- */

static void put_hash(const struct plan *plan, char to[static PLAN_HASH_SIZE])
{
    to[0] = '@';
    memcpy(to + 1, plan->resource->hash, sizeof plan->resource->hash);
}

struct str plan_item_name(const struct plan *plan, struct str id, char room[static ITEM_NAME_MAX])
{
    struct str singular = plan->resource->singular;
    size_t len = singular.len;

    memcpy(room, singular.ptr, len);
    room[len++] = ':';
    memcpy(room + len, id.ptr, id.len);
    len += id.len;
    put_hash(plan, room + len);
    return str_make(room, len + PLAN_HASH_SIZE);
}

struct str plan_item_tag(const struct plan *plan, struct str id, struct arena *arena)
{
    return ARENA_JOIN(arena, plan->resource->singular, STR(":"), id);
}

struct str plan_own_mark(const struct plan *plan, struct str id, const struct value *version,
                         const struct value *updated, struct arena *arena)
{
    uint64_t time = updated->type == VALUE_DATE ? (uint64_t)updated->integer : 0;

    if (version->type != VALUE_INT || version->integer < 0)
        return STR("");
    return ARENA_JOIN(arena, plan->resource->singular, STR(":"), id, STR(":"),
                      arena_decimal(arena, (uint64_t)version->integer), STR(":"),
                      arena_decimal(arena, time));
}

static struct value kept_value(struct str document, struct str field)
{
    struct value value = {.type = VALUE_NONE};

    if (field.len == 0 || document_value(document, field, false, &value) != ERR_OK)
        value.type = VALUE_NONE;
    return value;
}

struct str plan_own(const struct plan *plan, struct str id, struct str document,
                    struct arena *arena)
{
    struct value version = kept_value(document, plan->resource->kept.version);
    struct value updated = kept_value(document, plan->resource->kept.updated);

    return plan_own_mark(plan, id, &version, &updated, arena);
}

struct str plan_own_removal(const struct plan *plan, struct str id, struct arena *arena)
{
    return ARENA_JOIN(arena, plan->resource->singular, STR(":"), id, STR(":-"));
}

static struct str hashed(const struct plan *plan, struct str kind, struct str text,
                         struct arena *arena)
{
    char hash[PLAN_HASH_SIZE];

    put_hash(plan, hash);
    return ARENA_JOIN(arena, kind, plan->resource->name, STR(":"), text,
                      str_make(hash, sizeof hash));
}

struct str plan_list_name(const struct plan *plan, struct str query, struct arena *arena)
{
    return hashed(plan, STR(""), query, arena);
}

struct str plan_total_name(const struct plan *plan, struct str filter, struct arena *arena)
{
    return hashed(plan, STR("count:"), filter, arena);
}

/* --- Partitions --- */

static struct str tag_of(const struct plan *plan, struct str text, struct arena *arena)
{
    return ARENA_JOIN(arena, plan->resource->name, STR(":"), text);
}

/* One text for all numbers that are equal, whatever their types: that of the nearest double.  That
 * some that differ share it makes a miss more, never a stale answer. */
static struct str number_text(double number, struct arena *arena)
{
    struct buf text = BUF_INIT(NUMBER_MAX);
    struct str copy;

    json_put_double(&text, number == 0 ? 0 : number);
    copy = arena_str(arena, buf_view(&text));
    buf_free(&text);
    return copy;
}

/* False for what no filter can be equal to. */
static bool partition_text(const struct value *value, struct arena *arena, struct str *text)
{
    char room[UUID_TEXT_SIZE];

    switch (value->type) {
    case VALUE_STRING: *text = value->string; return true;
    case VALUE_BOOL: *text = value->boolean ? STR("true") : STR("false"); return true;
    case VALUE_INT:
    case VALUE_DATE: *text = number_text((double)value->integer, arena); return true;
    case VALUE_DOUBLE: *text = number_text(value->number, arena); return true;
    case VALUE_DECIMAL: /* the arena's copy ends with a NUL */
        *text = number_text(strtod(arena_str(arena, value->string).ptr, NULL), arena);
        return true;
    case VALUE_OID:
        oid_text(&value->oid, room);
        *text = arena_str(arena, str_make(room, OID_HEX_SIZE));
        return true;
    case VALUE_UUID:
        uuid_text(value->uuid, room);
        *text = arena_str(arena, str_make(room, UUID_TEXT_SIZE));
        return true;
    case VALUE_NONE:
    case VALUE_NULL:
    case VALUE_BYTES:
    case VALUE_LIST:
    case VALUE_OBJECT:
    case VALUE_RAW: break;
    }
    return false;
}

struct str plan_all_partitions(const struct plan *plan, struct arena *arena)
{
    return tag_of(plan, STR("*"), arena);
}

/* The filter by the partition's equality in the query's own table, or query->count. */
static size_t partition_param(const struct plan *plan, const struct query *query)
{
    const struct resource *resource = plan->resource;
    size_t param = resource->partition_param;

    if (query->params == resource->params)
        return param;
    return param < resource->param_count
               ? query_find(query->params, query->count, resource->params[param].name)
               : query->count;
}

size_t plan_list_tags(const struct plan *plan, const struct query *query, struct arena *arena,
                      struct str tags[static PLAN_LIST_TAGS])
{
    size_t param = partition_param(plan, query);
    struct str text;

    if (param == query->count || !query->values[param].given ||
        !partition_text(&query->values[param].value, arena, &text)) {
        tags[0] = plan->resource->name;
        return 1;
    }
    tags[0] = tag_of(plan, text, arena);
    tags[1] = plan_all_partitions(plan, arena);
    return 2;
}

struct partitions {
    const struct plan *plan;
    struct arena *arena;
    plan_partition *each;
    void *context;
};

/* The filter as a client would write it, where the value is of the parameter's type. */
static struct str partition_filter(const struct partitions *all, const struct value *value,
                                   struct str text)
{
    const struct resource *resource = all->plan->resource;
    size_t param = resource->partition_param;
    struct query_value values[QUERY_PARAMS_MAX];
    struct query query = {resource->params, resource->param_count, values};
    struct problem problem;

    if (value->type == VALUE_DATE || param == resource->param_count)
        return STR("");
    problem_init(&problem, all->arena);
    memset(values, 0, resource->param_count * sizeof values[0]);
    if (query_read_value(&resource->params[param], text, all->arena, &problem, &values[param]) !=
            ERR_OK ||
        values[param].value.type != value->type)
        return STR("");
    values[param].given = true;
    return query_text(&query, UINT64_C(1) << param, all->arena);
}

static void take_partition(void *context, const struct value *value)
{
    const struct partitions *all = context;
    struct str text;

    if (partition_text(value, all->arena, &text))
        all->each(all->context, tag_of(all->plan, text, all->arena),
                  partition_filter(all, value, text));
}

void plan_each_partition(const struct plan *plan, struct str document, struct arena *arena,
                         plan_partition *each, void *context)
{
    struct partitions all = {plan, arena, each, context};

    if (plan->resource->partition.len > 0)
        (void)document_each_value(document, plan->resource->partition, take_partition, &all);
}

/* --- Entity tags --- */

/* The last digits are the resource's hash: no tag of another shape is the same. */
static struct str shaped_etag(const struct plan *plan, struct str bytes, bool weak,
                              char room[static ETAG_SIZE])
{
    struct str etag = etag_of(bytes, weak, room);
    size_t size = sizeof plan->resource->hash;

    memcpy(room + etag.len - 1 - size, plan->resource->hash, size);
    return etag;
}

struct str plan_item_etag(const struct plan *plan, struct str json, char room[static ETAG_SIZE])
{
    return shaped_etag(plan, json, false, room);
}

struct str plan_list_etag(const struct plan *plan, struct str body, char room[static ETAG_SIZE])
{
    return shaped_etag(plan, body, true, room);
}
