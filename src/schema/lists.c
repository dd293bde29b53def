/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json_writer.h"
#include "schema/params.h"

#include <stdlib.h>

#include "base/idiom.h"
#include "schema/schema.h"

/* Named lists: filters and a sort that are set, as a client could have sent them. */

enum { LISTS_MAX = 64, NUMBER_TEXT_MAX = 40 };

bool schema_query_text(const json_t *json, struct arena *arena, struct str *text)
{
    struct buf number = BUF_INIT(NUMBER_TEXT_MAX);

    *text = json_text(json);
    if (json_is_string(json))
        return true;
    if (json_is_boolean(json)) {
        *text = json_is_true(json) ? STR("true") : STR("false");
        return true;
    }
    if (!json_is_number(json))
        return false;
    if (json_is_integer(json))
        buf_int(&number, json_integer_value(json));
    else
        json_put_double(&number, json_real_value(json));
    *text = arena_str(arena, buf_view(&number));
    buf_free(&number);
    return true;
}

/* One value in its canonical text. */
static bool read_value(struct draft *draft, const struct place *place, const json_t *json,
                       const struct query_param *param, struct str *text)
{
    struct query_value value = {.given = false};
    struct problem problem;

    problem_init(&problem, draft->reading->arena);
    if (!schema_query_text(json, draft->reading->arena, text)) {
        report(draft->reading, place, "must be a string, a number, true or false");
        return false;
    }
    if (query_read_value(param, *text, draft->reading->arena, &problem, &value) != ERR_OK) {
        report(draft->reading, place, "%.*s",
               SHOW(problem.count > 0 ? problem.errors[0].message : STR("is not possible")));
        return false;
    }
    *text = value.text;
    return true;
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Several values of "in": sorted, none twice, with commas between. */
static bool read_values(struct draft *draft, const struct place *place, const json_t *json,
                        const struct query_param *param, struct str *text)
{
    struct arena *arena = draft->reading->arena;
    size_t count = json_array_size(json);
    struct str texts[QUERY_IN_MAX];

    if (count == 0 || count > QUERY_IN_MAX) {
        report(draft->reading, place, "must have 1 to %d values", QUERY_IN_MAX);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct place at = place_item(draft->reading, place, i);
        if (!read_value(draft, &at, json_array_get(json, i), param, &texts[i]))
            return false;
        if (str_find(texts[i], ',') < texts[i].len) {
            report(draft->reading, &at, "must not hold a comma");
            return false;
        }
    }
    qsort(texts, count, sizeof *texts, by_text);
    *text = texts[0];
    for (size_t i = 1; i < count; i++)
        if (!str_eq(texts[i], texts[i - 1]))
            *text = ARENA_JOIN(arena, *text, STR(","), texts[i]);
    return true;
}

static bool read_param(struct draft *draft, const struct place *place, const json_t *json,
                       struct list_param *param)
{
    const struct resource *resource = draft->resource;

    param->param = query_find(resource->params, resource->param_count, place->key);
    if (param->param == resource->param_count ||
        !param_is_filter(resource->params[param->param].op)) {
        report(draft->reading, place, "is not a filter of this resource");
        return false;
    }
    if (resource->params[param->param].op == PARAM_IN && json_is_array(json))
        return read_values(draft, place, json, &resource->params[param->param], &param->text);
    return read_value(draft, place, json, &resource->params[param->param], &param->text);
}

static void read_where(struct draft *draft, const struct place *place, const json_t *json,
                       struct list_param *params, size_t *count)
{
    const char *name;
    json_t *value;

    if (!take_object(draft->reading, place, json))
        return;
    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        struct place at = {place, str_from(name)};
        *count += read_param(draft, &at, value, &params[*count]);
    }
}

static void read_sort(struct draft *draft, const struct place *place, const json_t *json,
                      struct list_param *params, size_t *count)
{
    const struct resource *resource = draft->resource;
    struct list_param *param = &params[*count];
    size_t i = 0;

    if (!take_text(draft->reading, place, json, &param->text))
        return;
    while (i < draft->sort_count && !str_eq(draft->sorts[i], param->text))
        i++;
    if (i == draft->sort_count) {
        report(draft->reading, place, "must be one of \"sorts\"");
        return;
    }
    param->param = query_find(resource->params, resource->param_count, STR("sort"));
    (*count)++;
}

/* --- A list --- */

static bool is_good_name(struct draft *draft, const struct place *place)
{
    static const struct str taken[] = {STR_INIT("popular"), STR_INIT("stats"), STR_INIT("facets"),
                                       STR_INIT("export"), STR_INIT("touch")};
    struct str name = place->key;

    for (size_t i = 0; i < COUNT(taken); i++)
        if (str_eq(name, taken[i])) {
            report(draft->reading, place, "is a name that Larder itself uses");
            return false;
        }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = c >= 'a' && c <= 'z';
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-')))
            name.len = 0;
    }
    if (name.len > 0 && name.len <= 32)
        return true;
    report(draft->reading, place,
           "must be a lower-case letter and up to 31 such letters, digits or \"-\"");
    return false;
}

static int by_param(const void *a, const void *b)
{
    const struct list_param *one = a, *other = b;

    return one->param < other->param ? -1 : one->param > other->param;
}

static bool read_list(struct draft *draft, const struct place *place, const json_t *json,
                      struct named_list *list)
{
    static const struct str known[] = {STR_INIT("description"), STR_INIT("where"),
                                       STR_INIT("sort")};
    struct list_param *params;
    size_t errors = draft->reading->errors;
    const char *name;
    json_t *value;

    if (!is_good_name(draft, place) || !take_object(draft->reading, place, json))
        return false;
    *list = (struct named_list){
        .name = place->key,
        .path = ARENA_JOIN(draft->reading->arena, draft->resource->path, STR("/"), place->key)};
    params = arena_alloc(draft->reading->arena,
                         (json_object_size(json_object_get(json, "where")) + 1) * sizeof *params);
    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        struct place at = {place, str_from(name)};
        if (str_eq(at.key, known[0]))
            (void)take_text(draft->reading, &at, value, &list->description);
        else if (str_eq(at.key, known[1]))
            read_where(draft, &at, value, params, &list->param_count);
        else if (str_eq(at.key, known[2]))
            read_sort(draft, &at, value, params, &list->param_count);
        else
            report_unknown(draft->reading, &at, "key", known, COUNT(known));
    }
    if (draft->reading->errors == errors && list->param_count == 0)
        report_key(draft->reading, place, STR("where"), "is required");
    qsort(params, list->param_count, sizeof *params, by_param);
    list->params = params;
    return true;
}

void lists_read(struct draft *draft, const struct place *place, const json_t *json)
{
    struct named_list *lists;
    const char *name;
    json_t *value;

    if (json == NULL || !take_object(draft->reading, place, json))
        return;
    if (json_object_size(json) > LISTS_MAX) {
        report(draft->reading, place, "has %zu lists: %d are possible", json_object_size(json),
               LISTS_MAX);
        return;
    }
    lists = arena_zalloc(draft->reading->arena, json_object_size(json) * sizeof *lists);
    draft->resource->lists = lists;
    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        struct place at = {place, str_from(name)};
        draft->resource->list_count +=
            read_list(draft, &at, value, &lists[draft->resource->list_count]);
    }
}
