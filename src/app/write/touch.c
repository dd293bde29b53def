/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/read/question.h"
#include "app/read/words.h"
#include "app/write/touched.h"
#include "app/write/write.h"
#include "base/clock.h"
#include "base/idiom.h"

/* POST /api/<resource>/touch: other programs have changed documents.  Their tags are moved as a
 * write moves them, with fences and, while Redis is away, a pending invalidation; only that nothing
 * is written.  What was read before the change is void for that: the versions that it carries are
 * older than the touch, which is later than the change. */

struct touch {
    struct write write; /* first */
    struct touched touched;
    struct condition conditions[QUERY_PARAMS_MAX + 1];
    struct query query; /* what "where" asks for; without parameters where there is none */
};

static enum err touch_work(struct mongo_db *db, struct write *write)
{
    (void)db, (void)write;
    return ERR_OK;
}

static void touch_answer(struct write *write)
{
    const struct touch *touch = (struct touch *)write;
    struct buf *body = &write->request->response.body;

    buf_literal(body, "{\"success\":true,\"touched\":");
    buf_int(body, touch->touched.count);
    buf_char(body, '}');
    answer_json(write->request, 200, STR("no-store"));
    write_done(write);
}

static enum err touch_read(struct mongo_db *db, struct write *write)
{
    return touched_look(db, &((struct touch *)write)->touched);
}

static bool touch_judge(struct write *write, enum err err)
{
    struct touched *touched = &((struct touch *)write)->touched;

    if (err != ERR_OK) {
        write_fail(write, err);
        return false;
    }
    write->tags = touched->tags;
    write->cache.tag_count = touched->tag_count;
    return true;
}

static const struct write_kind touch_kind = {.size = sizeof(struct touch),
                                             .read = touch_read,
                                             .judge = touch_judge,
                                             .work = touch_work,
                                             .answer = touch_answer};

/* --- The body --- */

static bool touch_has_id(const struct str *ids, size_t count, struct str id)
{
    size_t i = 0;

    while (i < count && !str_eq(ids[i], id))
        i++;
    return i < count;
}

static void touch_take_ids(struct touch *touch, const json_t *list, struct problem *problem)
{
    const struct resource *resource = touch->write.plan->resource;
    struct arena *arena = &touch->write.arena;
    size_t count = json_array_size(list);
    struct str *ids;

    if (!json_is_array(list) || count == 0 || count > TOUCHED_IDS_MAX) {
        problem_addf(problem, STR("ids"), "must be an array of 1 to %d ids", TOUCHED_IDS_MAX);
        return;
    }
    touch->touched.ids = ids = arena_alloc(arena, count * sizeof *ids);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        struct str text, id;
        if ((!json_is_string(item) && resource->id != ID_INTEGER) ||
            !schema_query_text(item, arena, &text) ||
            id_parse(resource->id, text, arena_alloc(arena, ID_TEXT_MAX), &id) != ERR_OK)
            problem_add(problem, ARENA_JOIN(arena, STR("ids["), arena_decimal(arena, i), STR("]")),
                        id_rule(resource->id));
        else if (!touch_has_id(ids, touch->touched.id_count, id))
            ids[touch->touched.id_count++] = arena_str(arena, id);
    }
}

/* Whether a number or a boolean is what the filter's field has: "5" is not 5. */
static bool touch_is_typed(const json_t *json, const struct value *value)
{
    if (json_is_boolean(json))
        return value->type == VALUE_BOOL;
    return value->type == VALUE_INT || value->type == VALUE_DOUBLE || value->type == VALUE_DECIMAL;
}

/* As a query would have it. */
static enum err touch_text(const struct query_param *param, const json_t *json, struct arena *arena,
                           struct problem *problem, struct str *text)
{
    struct query_value value;
    enum err err;

    if (!schema_query_text(json, arena, text)) {
        problem_add(problem, param->name, STR("must be a string, a number, true or false"));
        return ERR_INVALID;
    }
    *text = arena_str(arena, *text); /* it may be the body's */
    if (json_is_string(json))
        return ERR_OK;
    err = query_read_value(param, *text, arena, problem, &value);
    if (err == ERR_OK && !touch_is_typed(json, &value.value)) {
        problem_add(problem, param->name, STR("must be a string"));
        err = ERR_INVALID;
    }
    return err;
}

/* With commas between. */
static enum err touch_texts(const struct query_param *param, const json_t *list,
                            struct arena *arena, struct problem *problem, struct str *text)
{
    size_t count = json_array_size(list);
    struct str texts[QUERY_IN_MAX];
    enum err err = ERR_OK;

    if (count == 0 || count > QUERY_IN_MAX) {
        problem_addf(problem, param->name, "must be 1 to %d values", QUERY_IN_MAX);
        return ERR_INVALID;
    }
    for (size_t i = 0; err == ERR_OK && i < count; i++)
        err = touch_text(param, json_array_get(list, i), arena, problem, &texts[i]);
    if (err == ERR_OK)
        *text = arena_list(arena, texts, count, ',');
    return err;
}

static void touch_take_filter(struct touch *touch, struct query *query, const char *name,
                              const json_t *json, struct problem *problem)
{
    struct arena *arena = &touch->write.arena;
    size_t i = query_find(query->params, query->count, str_from(name));
    const struct query_param *param = &query->params[i];
    struct str text;
    enum err err;

    if (i == query->count || !param_is_filter(param->op)) {
        problem_add(problem, str_from(name), STR("is no filter of this resource"));
        return;
    }
    if (param->op == PARAM_IN && json_is_array(json))
        err = touch_texts(param, json, arena, problem, &text);
    else
        err = touch_text(param, json, arena, problem, &text);
    if (err == ERR_OK)
        (void)query_set(query, i, text, arena, problem);
}

static void touch_take_where(struct touch *touch, json_t *where, struct problem *problem)
{
    static const struct value everybody = {.type = VALUE_NONE};
    const struct plan *plan = touch->write.plan;
    struct query *query = &touch->query;
    const char *name;
    json_t *value;

    if (json_object_size(where) == 0) {
        problem_add(problem, STR("where"), STR("must be an object of one filter or more"));
        return;
    }
    (void)query_parse(query, plan->resource->params, plan->resource->param_count, STR(""),
                      &touch->write.arena, problem);
    json_object_foreach(where, name, value) touch_take_filter(touch, query, name, value, problem);
    touch->touched.conditions = touch->conditions;
    touch->touched.condition_count =
        question_conditions(plan, query, &everybody, touch->conditions);
}

static void touch_take(struct touch *touch, json_t *root, struct problem *problem)
{
    static const char *const keys[] = {"ids", "where", "all"};
    json_t *found[COUNT(keys)];
    size_t given = 0;

    for (size_t i = 0; i < COUNT(keys); i++) {
        found[i] = json_object_get(root, keys[i]);
        given += found[i] != NULL;
    }
    if (given != 1 || json_object_size(root) != 1)
        problem_add(problem, STR("body"), STR("must have ids, where or all, one of them"));
    else if (found[0] != NULL)
        touch_take_ids(touch, found[0], problem);
    else if (found[1] != NULL)
        touch_take_where(touch, found[1], problem);
    else if (!json_is_true(found[2]))
        problem_add(problem, STR("all"), STR("must be true"));
    else
        touch->touched.all = true;
}

void touch_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    struct problem problem;
    struct touch *touch;
    json_t *root;

    (void)id;
    if (!take_no_query(request) || (root = write_body(request, false, &problem)) == NULL)
        return;
    touch = write_new(&touch_kind, app, app_plan(app, route->data), request);
    touch->touched.plan = touch->write.plan;
    touch->touched.arena = &touch->write.arena;
    problem_init(&problem, &request->arena);
    touch_take(touch, root, &problem);
    if (problem.count > 0)
        problem_send_invalid(request, &problem);
    if (problem.count > 0 || words_refuse(app, touch->write.plan, &touch->query, request))
        write_done(&touch->write);
    else
        write_start(&touch->write);
    json_decref(root);
}
