/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/params.h"

#include <stdlib.h>

#include "base/idiom.h"

/* The tables of paths that choose documents as the list does.  A parameter of such a path's own
 * replaces a filter of the same name. */

enum { FACETS_MAX = 5 };

static const struct str no_yes[] = {STR_INIT("0"), STR_INIT("1")};
static const struct str formats[] = {STR_INIT("ndjson"), STR_INIT("csv")};

static bool is_own(const struct query_param *own, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(own[i].name, name))
            return true;
    return false;
}

/* Whether the path takes this parameter of the list. */
static bool is_shared(const struct query_param *param, unsigned ops)
{
    return param_is_filter(param->op) || (ops >> param->op & 1) != 0;
}

static int by_name(const void *a, const void *b)
{
    const struct query_param *one = a, *other = b;

    return str_cmp(one->name, other->name);
}

/* Its own, the list's filters, and those of the list that do one of ops. */
static struct param_table make_table(struct draft *draft, const struct query_param *own,
                                     size_t own_count, unsigned ops)
{
    const struct resource *resource = draft->resource;
    struct query_param *params =
        arena_alloc(draft->reading->arena, (own_count + resource->param_count) * sizeof *params);
    size_t count = 0;

    for (; count < own_count; count++)
        params[count] = own[count];
    for (size_t i = 0; i < resource->param_count; i++)
        if (is_shared(&resource->params[i], ops) &&
            !is_own(own, own_count, resource->params[i].name))
            params[count++] = resource->params[i];
    qsort(params, count, sizeof *params, by_name);
    return (struct param_table){params, count};
}

static struct param_table facets_table(struct draft *draft)
{
    const struct resource *resource = draft->resource;
    struct str *names =
        arena_alloc(draft->reading->arena, (resource->param_count + 1) * sizeof *names);
    size_t count = 0;

    for (size_t i = 0; i < resource->param_count; i++)
        if (resource->params[i].op == PARAM_EQ)
            names[count++] = resource->params[i].name;
    return make_table(draft,
                      (const struct query_param[]){
                          {.name = STR("by"),
                           .type = PARAM_SOME,
                           .op = PARAM_BY,
                           .max = FACETS_MAX,
                           .choices = names,
                           .choice_count = count,
                           .help = STR("Filters of equality, whose fields' values are counted")},
                          {.name = STR("limit"),
                           .type = PARAM_INTEGER,
                           .op = PARAM_LIMIT,
                           .low = 1,
                           .high = 100,
                           .initial = STR("20"),
                           .help = STR("Values of each, those of most documents first")}},
                      2, 0);
}

static struct param_table export_table(struct draft *draft)
{
    return make_table(
        draft,
        (const struct query_param[]){
            {.name = STR("format"),
             .type = PARAM_CHOICE,
             .op = PARAM_FORMAT,
             .initial = formats[0],
             .choices = formats,
             .choice_count = COUNT(formats),
             .help = STR("One document a line, or a table")},
            {.name = STR("safe"),
             .type = PARAM_CHOICE,
             .op = PARAM_SAFE,
             .initial = no_yes[0],
             .choices = no_yes,
             .choice_count = COUNT(no_yes),
             .help = STR("1: cells of a table that a spreadsheet would take for formulas begin "
                         "with an apostrophe")}},
        2, 1u << PARAM_SORT | 1u << PARAM_FIELDS);
}

void params_derive(struct draft *draft)
{
    struct resource *resource = draft->resource;

    resource->facets = facets_table(draft);
    resource->export = export_table(draft);
}
