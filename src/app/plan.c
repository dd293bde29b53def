/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/plan.h"

#include <stdlib.h>

#include "base/log.h"
#include "http/conditional.h"

static void require(bool held, const struct resource *resource, const char *rule)
{
    if (held)
        return;
    log_error("app", "a resource's tables break a rule", LOG_STR("resource", resource->name),
              LOG_CSTR("rule", rule));
    abort();
}

static void init_shape(struct plan *plan)
{
    const struct resource *resource = plan->resource;

    require(resource->field_count <= RESOURCE_FIELDS_MAX, resource, "number of fields");
    plan->scope = resource_field(resource, resource->scope);
    plan->owner = resource_field(resource, STR("ownerId"));
    plan->version = resource_field(resource, STR("version"));
    plan->updated = resource_field(resource, STR("updatedAt"));
    require(plan->scope < resource->field_count && plan->owner < resource->field_count &&
                plan->version < resource->field_count && plan->updated < resource->field_count,
            resource, "scope, ownerId, version and updatedAt");
    for (size_t i = 0; i < resource->field_count; i++)
        plan->shape_fields[i] =
            (struct shape_field){.name = resource->fields[i].name,
                                 .hidden = (resource->fields[i].flags & FIELD_HIDDEN) != 0,
                                 .capture = i == plan->scope || i == plan->owner ||
                                            i == plan->version || i == plan->updated};
    plan->shape = (struct shape){plan->shape_fields, resource->field_count, .whole = true};
}

void plan_init(struct plan *plan, const struct resource *resource)
{
    *plan = (struct plan){.resource = resource, .scope_param = resource->param_count};
    init_shape(plan);
    require(resource->param_count <= QUERY_PARAMS_MAX, resource, "number of parameters");
    for (size_t i = 0; i < PARAM_OPS; i++)
        plan->at[i] = resource->param_count;
    for (size_t i = 0; i < resource->param_count; i++) {
        enum param_op op = resource->params[i].op;
        uint32_t bit = UINT32_C(1) << i;
        require(i == 0 || str_cmp(resource->params[i - 1].name, resource->params[i].name) < 0,
                resource, "parameters sorted by name");
        plan->at[op] = i;
        plan->all |= bit;
        if (param_is_filter(op))
            plan->filters |= bit;
        if (op == PARAM_EQ && str_eq(resource->params[i].field, resource->scope))
            plan->scope_param = i;
        if (op != PARAM_PAGE && op != PARAM_AFTER)
            plan->walk |= bit;
    }
    require(plan->scope_param < resource->param_count, resource, "a filter by scope");
    require(plan->at[PARAM_SORT] < resource->param_count &&
                plan->at[PARAM_PAGE] < resource->param_count &&
                plan->at[PARAM_LIMIT] < resource->param_count &&
                plan->at[PARAM_AFTER] < resource->param_count,
            resource, "sort, page, limit and after");
}

struct str plan_item_name(const struct plan *plan, const struct oid *id,
                          char room[static ITEM_NAME_MAX])
{
    struct str singular = plan->resource->singular;

    memcpy(room, singular.ptr, singular.len);
    room[singular.len] = ':';
    oid_text(id, room + singular.len + 1);
    return str_make(room, singular.len + 1 + OID_HEX_SIZE);
}

struct str plan_scope_tag(const struct plan *plan, const struct value *value, struct arena *arena)
{
    if (value == NULL || value->type != VALUE_STRING)
        return STR("");
    return ARENA_JOIN(arena, plan->resource->name, STR(":"), value->string);
}

struct str plan_total_name(const struct plan *plan, struct str filter, struct arena *arena)
{
    return ARENA_JOIN(arena, STR("count:"), plan->resource->name, STR(":"), filter);
}

struct str plan_scope_filter(const struct plan *plan, struct str scope, struct arena *arena)
{
    size_t i = plan->scope_param;
    struct query query = {.params = plan->resource->params, .count = plan->resource->param_count};

    query.values[i] = (struct query_value){.given = true, .text = scope};
    return query_text(&query, UINT32_C(1) << i, arena);
}

int64_t plan_version(const struct plan *plan, const struct value *captured)
{
    const struct value *version = &captured[plan->version];

    return version->type == VALUE_INT ? version->integer : 0;
}

struct str plan_item_etag(int64_t version, struct str json, char room[static ITEM_ETAG_MAX])
{
    char number[DECIMAL_MAX];
    struct str digits;

    if (version <= 0)
        return etag_of(json, false, room);
    digits = str_decimal((uint64_t)version, number);
    room[0] = '"';
    memcpy(room + 1, digits.ptr, digits.len);
    room[1 + digits.len] = '"';
    return str_make(room, digits.len + 2);
}
