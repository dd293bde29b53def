/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/params.h"

#include <stdlib.h>

#include "base/idiom.h"
#include "base/mem.h"

enum { PAGE_NUMBER_MAX = 1000000000, CURSOR_MAX = 2000, WORDS_MAX = 200 };
enum { NAME_MAX_SIZE = 64 };

static const struct {
    struct str name;
    enum param_op op;
} operators[] = {
    {STR_INIT("eq"), PARAM_EQ},         {STR_INIT("ne"), PARAM_NE},
    {STR_INIT("in"), PARAM_IN},         {STR_INIT("gt"), PARAM_GT},
    {STR_INIT("gte"), PARAM_GTE},       {STR_INIT("lt"), PARAM_LT},
    {STR_INIT("lte"), PARAM_LTE},       {STR_INIT("prefix"), PARAM_PREFIX},
    {STR_INIT("exists"), PARAM_EXISTS},
};

/* --- One filter --- */

static bool is_taken(struct str name)
{
    static const struct str taken[] = {STR_INIT("after"), STR_INIT("fields"), STR_INIT("ids"),
                                       STR_INIT("limit"), STR_INIT("page"),   STR_INIT("q"),
                                       STR_INIT("sort")};

    for (size_t i = 0; i < COUNT(taken); i++)
        if (str_eq(name, taken[i]))
            return true;
    return false;
}

static bool is_dropped(struct str name)
{
    return str_starts(name, STR("utm_")) || str_eq(name, STR("_")) || str_eq(name, STR("fbclid")) ||
           str_eq(name, STR("gclid"));
}

static bool is_plain(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '.'))
            return false;
    }
    return name.len > 0 && name.len <= NAME_MAX_SIZE;
}

static bool check_name(struct draft *draft, const struct place *place)
{
    struct str name = place->key;

    if (is_taken(name))
        report(draft->reading, place, "is a parameter of every list");
    else if (is_dropped(name))
        report(draft->reading, place, "is a parameter that is dropped unread");
    else if (!is_plain(name))
        report(draft->reading, place, "must be 1 to %d letters, digits, \"_\", \"-\" or \".\"",
               NAME_MAX_SIZE);
    else
        return true;
    return false;
}

static bool take_operator(struct draft *draft, const struct place *place, enum param_op *op)
{
    struct str known[COUNT(operators)];

    for (size_t i = 0; i < COUNT(operators); i++) {
        known[i] = operators[i].name;
        if (str_eq(place->key, known[i])) {
            *op = operators[i].op;
            return true;
        }
    }
    report_unknown(draft->reading, place,
                   "operator (eq, ne, in, gt, gte, lt, lte, prefix or exists)", known,
                   COUNT(known));
    return false;
}

static bool read_filter(struct draft *draft, const struct place *place, const json_t *json,
                        struct query_param *param)
{
    const struct place *at = place;
    struct draft_path found;
    struct place within;
    const struct field *field;

    *param = (struct query_param){.name = place->key, .op = PARAM_EQ};
    if (!check_name(draft, place))
        return false;
    if (json_is_object(json)) {
        void *first = json_object_iter((json_t *)(uintptr_t)json);
        if (json_object_size(json) != 1) {
            report(draft->reading, place, "must be a field, or {\"operator\": field}");
            return false;
        }
        within = (struct place){place, str_from(json_object_iter_key(first))};
        at = &within;
        json = json_object_iter_value(first);
        if (!take_operator(draft, at, &param->op))
            return false;
    } else if (!json_is_string(json)) {
        report(draft->reading, place, "must be a field, or {\"operator\": field}");
        return false;
    }
    field = draft_take_path(draft, at, json, &found, &param->field);
    if (field == NULL)
        return false;
    if (params_value(draft, field, param->op, param))
        return true;
    if (!draft->broken)
        report(draft->reading, at, "\"%.*s\" has no values to compare so", SHOW(param->field));
    return false;
}

/* --- Those of every list --- */

static struct str words_help(struct draft *draft)
{
    struct arena *arena = draft->reading->arena;
    struct str help = STR("Words in ");

    for (size_t i = 0; i < draft->search_count; i++)
        help = ARENA_JOIN(arena, help,
                          i == 0                         ? STR("")
                          : i + 1 == draft->search_count ? STR(" or ")
                                                         : STR(", "),
                          draft->search[i]);
    return help;
}

static struct query_param number(struct draft *draft, struct str name, enum param_op op,
                                 int64_t initial, int64_t high)
{
    return (struct query_param){.name = name,
                                .type = PARAM_INTEGER,
                                .op = op,
                                .low = 1,
                                .high = high,
                                .initial = arena_decimal(draft->reading->arena, (uint64_t)initial)};
}

static size_t add_standard(struct draft *draft, struct query_param *params)
{
    const struct resource *resource = draft->resource;
    struct query_param *to = params;

    *to++ = (struct query_param){.name = STR("after"),
                                 .type = PARAM_CURSOR,
                                 .op = PARAM_AFTER,
                                 .max = CURSOR_MAX,
                                 .help = STR("The next of the page before")};
    *to++ = (struct query_param){.name = STR("fields"),
                                 .type = PARAM_NAMES,
                                 .op = PARAM_FIELDS,
                                 .choices = resource->fields,
                                 .choice_count = resource->field_count,
                                 .help = STR("Only these fields, and _id")};
    *to++ = (struct query_param){
        .name = STR("ids"),
        .type = PARAM_ID_LIST,
        .op = PARAM_IDS,
        .max = QUERY_IDS_MAX,
        .id = resource->id,
        .help = ARENA_JOIN(draft->reading->arena, STR("These "), resource->name,
                           STR(", in this order; one asked twice is given once"))};
    *to++ = number(draft, STR("limit"), PARAM_LIMIT, draft->page_default, draft->page_max);
    *to++ = number(draft, STR("page"), PARAM_PAGE, 1, PAGE_NUMBER_MAX);
    if (draft->search_count > 0)
        *to++ = (struct query_param){.name = STR("q"),
                                     .type = PARAM_TEXT,
                                     .op = PARAM_MATCH,
                                     .min = 1,
                                     .max = WORDS_MAX,
                                     .help = words_help(draft)};
    *to++ = (struct query_param){.name = STR("sort"),
                                 .type = PARAM_CHOICE,
                                 .op = PARAM_SORT,
                                 .initial = draft->sorts[0],
                                 .choices = draft->sorts,
                                 .choice_count = draft->sort_count};
    return (size_t)(to - params);
}

/* --- The table --- */

static int by_name(const void *a, const void *b)
{
    const struct query_param *one = a, *other = b;

    return str_cmp(one->name, other->name);
}

void params_read(struct draft *draft, const struct place *place, const json_t *json)
{
    struct query_param *params =
        arena_zalloc(draft->reading->arena, QUERY_PARAMS_MAX * sizeof *params);
    size_t count = add_standard(draft, params);
    const char *name;
    json_t *value;

    if (json != NULL && json_object_size(json) > QUERY_PARAMS_MAX - count)
        report(draft->reading, place, "has %zu filters: %zu are possible", json_object_size(json),
               QUERY_PARAMS_MAX - count);
    else if (json != NULL && take_object(draft->reading, place, json))
        json_object_foreach((json_t *)(uintptr_t)json, name, value)
        {
            struct place at = {place, str_from(name)};
            count += read_filter(draft, &at, value, &params[count]);
        }
    qsort(params, count, sizeof *params, by_name);
    draft->resource->params = params;
    draft->resource->param_count = count;
}
