/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/write/results.h"
#include "app/write/several.h"
#include "http/conditional.h"

static void several_refuse(struct request *request, struct str field, struct str message)
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
static struct str patch_id(enum id_type type, const json_t *json, struct arena *arena)
{
    bool integer = type == ID_INTEGER;
    struct buf text = BUF_INIT(DECIMAL_MAX + 1);
    struct str copy = {NULL, 0};

    if (!integer && json_is_string(json))
        return str_make(json_string_value(json), json_string_length(json));
    if (integer && json_is_integer(json)) {
        buf_int(&text, json_integer_value(json));
        copy = arena_str(arena, buf_view(&text));
    }
    buf_free(&text);
    return copy;
}

/* Errors that any document would have are answered before one is read. */
static void take_patch(struct target *target, json_t *patch)
{
    const json_t *etag = json_object_get(patch, "_etag");

    if (json_is_string(etag)) {
        target->match =
            arena_str(target->arena, str_make(json_string_value(etag), json_string_length(etag)));
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

static bool take_patches(struct several *several, enum id_type type, json_t *root)
{
    struct arena *arena = several_arena(several);
    struct target *target;

    for (size_t i = 0; i < json_array_size(root); i++) {
        json_t *patch = json_array_get(root, i), *id = json_object_get(patch, "_id");
        if (!several_add(several, patch_id(type, id, arena), results_given(id, arena)))
            return false;
        if ((target = several_last(several)) != NULL)
            take_patch(target, patch);
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
        several_refuse(request, STR("body"), STR("must be an array of 1 to 100 objects"));
    } else {
        several = several_new(context, route, request, count);
        if (take_patches(several, app_plan(context, route->data)->resource->id, root)) {
            several_begin(several);
        } else {
            several_refuse(request, STR("body"), STR("names an _id twice"));
            several_drop(several);
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
        several_refuse(request, STR("ids"), STR("must be 1 to 100 ids"));
        return;
    }
    several = several_new(context, route, request, count_parts(rest));
    while (str_split(&rest, ',', &part))
        if (!several_add(several, part, results_text(part, several_arena(several)))) {
            several_refuse(request, STR("ids"), STR("must not name one twice"));
            several_drop(several);
            return;
        }
    several_begin(several);
}
