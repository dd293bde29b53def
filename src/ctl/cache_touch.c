/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "app/read/question.h"
#include "app/write/touched.h"
#include "ctl/ctl_write.h"

/* larderctl cache touch: other programs have changed documents. */

struct options {
    char **argv; /* the words of --id and --where, in pairs */
    int argc;
    bool all;
};

static enum err touch_look(struct mongo_db *db, void *context)
{
    return touched_look(db, context);
}

static enum err touch_nothing(struct mongo_db *db, void *context)
{
    (void)db, (void)context;
    return ERR_OK;
}

static bool touch_take_id(struct touched *touched, struct str *ids, const char *text)
{
    enum id_type type = touched->plan->resource->id;
    struct str id;

    if (touched->id_count == TOUCHED_IDS_MAX) {
        ctl_error("at most %d ids at a time", TOUCHED_IDS_MAX);
        return false;
    }
    if (id_parse(type, str_from(text), arena_alloc(touched->arena, ID_TEXT_MAX), &id) != ERR_OK) {
        ctl_error("\"%s\": an id %.*s", text, (int)id_rule(type).len, id_rule(type).ptr);
        return false;
    }
    for (size_t i = 0; i < touched->id_count; i++)
        if (str_eq(ids[i], id))
            return true;
    ids[touched->id_count++] = id;
    touched->ids = ids;
    return true;
}

static bool touch_take_filter(struct touched *touched, struct query *query, const char *text)
{
    struct str value = str_from(text), name;
    struct problem problem;
    size_t i;

    problem_init(&problem, touched->arena);
    if (str_find(value, '=') == value.len || !str_split(&value, '=', &name) ||
        (i = query_find(query->params, query->count, name)) == query->count ||
        !param_is_filter(query->params[i].op)) {
        ctl_error("\"%s\": must be FILTER=VALUE, of a filter of %.*s", text,
                  (int)touched->plan->resource->name.len, touched->plan->resource->name.ptr);
        return false;
    }
    if (query_set(query, i, value, touched->arena, &problem) == ERR_OK)
        return true;
    ctl_error("\"%s\": %.*s", text, (int)(problem.count > 0 ? problem.errors[0].message.len : 0),
              problem.count > 0 ? problem.errors[0].message.ptr : "");
    return false;
}

static bool touch_take(struct touched *touched, const struct options *options, struct str *ids,
                       struct condition *conditions)
{
    static const struct value everybody = {.type = VALUE_NONE};
    const struct resource *resource = touched->plan->resource;
    struct problem problem;
    struct query query;
    bool good = true;

    touched->all = options->all;
    problem_init(&problem, touched->arena);
    (void)query_parse(&query, resource->params, resource->param_count, STR(""), touched->arena,
                      &problem);
    for (int i = 0; good && i < options->argc; i += 2)
        good = strcmp(options->argv[i], "--id") == 0
                   ? touch_take_id(touched, ids, options->argv[i + 1])
                   : touch_take_filter(touched, &query, options->argv[i + 1]);
    touched->conditions = conditions;
    touched->condition_count = question_conditions(touched->plan, &query, &everybody, conditions);
    return good;
}

static int touch_move(struct ctl *ctl, struct touched *touched)
{
    enum err err;

    if (!ctl_open_all(ctl))
        return CTL_FAILED;
    err = mongo_run(ctl->backend.mongo, touch_look, touched);
    if (err == ERR_OK)
        err = ctl_write(ctl, touched->tags, touched->tag_count, touch_nothing, NULL);
    if (err != ERR_OK) {
        ctl_error("not touched: %s", err_text(err));
        return CTL_FAILED;
    }
    printf("%lld touched\n", (long long)touched->count);
    return CTL_OK;
}

/* Either --all alone, or --id several times, or --where several times, all of which must hold. */
static bool touch_parse(int argc, char **argv, struct options *options)
{
    *options = (struct options){.argv = argv + 1, .argc = argc - 1};
    if (argc == 2 && strcmp(argv[1], "--all") == 0) {
        *options = (struct options){.all = true};
        return true;
    }
    if (argc < 3 || argc % 2 == 0)
        return false;
    for (int i = 1; i < argc; i += 2)
        if (strcmp(argv[i], argv[1]) != 0)
            return false;
    return strcmp(argv[1], "--id") == 0 || strcmp(argv[1], "--where") == 0;
}

static int cache_touch_run(struct ctl *ctl, int argc, char **argv)
{
    const struct resource *resource;
    struct condition conditions[QUERY_PARAMS_MAX + 1];
    struct str ids[TOUCHED_IDS_MAX];
    struct options options;
    struct touched touched;
    struct arena arena;
    struct plan plan;
    int status = CTL_USAGE;

    if (argc < 1 || argv[0][0] == '-' || !touch_parse(argc, argv, &options))
        return ctl_usage("cache touch takes a resource and --id ID, --where FILTER=VALUE or --all");
    resource = ctl_resource(ctl, argv[0]);
    if (resource == NULL)
        return CTL_FAILED;
    arena_init(&arena, NULL, 0);
    plan_init(&plan, resource, &arena);
    touched = (struct touched){.plan = &plan, .arena = &arena};
    if (touch_take(&touched, &options, ids, conditions))
        status = touch_move(ctl, &touched);
    arena_reset(&arena);
    return status;
}

const struct command command_cache_touch = {
    .name = "cache touch",
    .args = "RESOURCE --id ID ...|--where FILTER=VALUE ...|--all",
    .summary = "reads anew what other programs have changed",
    .help =
        "Run it after they have written: what is stored of these items, and of all lists of the\n"
        "resource, is no answer any more.  --where takes the filters of its lists; of an item\n"
        "that met them before the change only, its lists are touched and it is not.  Needed\n"
        "only where nobody follows the database: docs/others.md.\n",
    .run = cache_touch_run,
};
