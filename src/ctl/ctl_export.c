/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/read/selection.h"
#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/progress.h"
#include "http/percent.h"

/* larderctl export */

enum { PIECE = 64 << 10, TEXT_MAX = 256 << 20, PATH_ROOM = 4096 };

struct export
{
    struct ctl *ctl;
    const struct resource *resource;
    struct selection selection;
    struct query query;
    FILE *to;
    int error; /* errno of a write that has failed */
    struct buf text;
    struct progress progress;
    uint64_t count;
    int64_t total;
};

/* --- Rows --- */

static enum err export_flush(struct export *export)
{
    size_t len = export->text.len;

    if (export->text.err != ERR_OK)
        return export->text.err;
    if (fwrite(export->text.ptr, 1, len, export->to) < len || fflush(export->to) != 0) {
        export->error = errno;
        return ERR_IO;
    }
    buf_clear(&export->text, 2 * PIECE);
    progress_update(&export->progress, export->count, export->count, (uint64_t) export->total,
                    clock_mono_ms());
    return ERR_OK;
}

static enum err export_take(void *context, struct str document, struct str json)
{
    struct export *export = context;

    (void)document;
    rows_add(&export->selection.rows, json, &export->text);
    export->count++;
    return export->text.len < PIECE ? ERR_OK : export_flush(export);
}

static enum err export_ask(struct mongo_db *db, void *context)
{
    struct export *export = context;
    enum err err = selection_count(db, &export->selection, &export->total);

    rows_head(&export->selection.rows, &export->text);
    if (err == ERR_OK)
        err = collection_documents(db, &export->selection.find, export_take, export);
    return err == ERR_OK ? export_flush(export) : err;
}

static void export_complain(const struct export *export, const char *name, enum err err)
{
    const struct query_value *words = query_value_of(&export->query, PARAM_MATCH);

    if (export->error != 0)
        ctl_error("%s: %s", name, strerror(export->error));
    else if (words != NULL && words->given && err != ERR_UNAVAILABLE)
        ctl_error("MongoDB: %s; q needs the text index: larderctl reindex %.*s", err_text(err),
                  (int)export->resource->name.len, export->resource->name.ptr);
    else
        ctl_error("MongoDB: %s", err_text(err));
}

/* Writes all to export->to, and prints the result. */
static bool export_run(struct export *export, const char *name)
{
    FILE *say = export->to == stdout ? stderr : stdout;
    struct str noun;
    char what[64];
    enum err err;

    snprintf(what, sizeof what, "%.*s", (int)export->resource->name.len,
             export->resource->name.ptr);
    buf_init(&export->text, TEXT_MAX);
    progress_begin(&export->progress, what, clock_mono_ms());
    err = mongo_run(export->ctl->backend.mongo, export_ask, export);
    progress_clear(&export->progress);
    buf_free(&export->text);
    if (err != ERR_OK) {
        export_complain(export, name, err);
        return false;
    }
    noun = export->count == 1 ? export->resource->singular : export->resource->name;
    fprintf(say, "%llu %.*s exported in %.1f s\n", (unsigned long long)export->count, (int)noun.len,
            noun.ptr, (double)(clock_mono_ms() - export->progress.begun_ms) / 1000);
    return true;
}

/* --- The file --- */

/* A file has its name once it is whole; what is no file (a pipe, /dev/null) is written to. */
static bool export_to_file(struct export *export, const char *name)
{
    struct stat status;
    bool direct = stat(name, &status) == 0 && !S_ISREG(status.st_mode), good = false;
    char part[PATH_ROOM];
    const char *path = direct ? name : part;

    if (snprintf(part, sizeof part, "%s.part", name) >= (int)sizeof part) {
        ctl_error("%s: %s", name, strerror(ENAMETOOLONG));
        return false;
    }
    export->to = fopen(path, "we");
    if (export->to == NULL) {
        ctl_error("%s: %s", path, strerror(errno));
        return false;
    }
    good = export_run(export, path);
    if (good && !direct && fsync(fileno(export->to)) != 0)
        good = false;
    if (fclose(export->to) != 0 || !good || (!direct && rename(part, name) != 0)) {
        if (good)
            ctl_error("%s: %s", path, strerror(errno));
        good = false;
    }
    if (!good && !direct)
        unlink(part);
    return good;
}

/* --- The command line --- */

static void put_param(struct buf *query, struct str name, struct str value, struct arena *arena)
{
    buf_str(query, query->len > 0 ? STR("&") : STR(""));
    buf_str(query, name);
    buf_char(query, '=');
    buf_str(query, percent_encode(value, arena_alloc(arena, 3 * value.len + 1)));
}

static bool put_filter(const struct resource *resource, const char *text, struct buf *query,
                       struct arena *arena)
{
    const struct param_table *table = &resource->export;
    struct str value = str_from(text), name;
    size_t i;

    if (str_find(value, '=') == value.len || !str_split(&value, '=', &name) ||
        (i = query_find(table->params, table->count, name)) == table->count ||
        !param_is_filter(table->params[i].op)) {
        ctl_error("\"%s\": must be FILTER=VALUE, of a filter of %.*s", text,
                  (int)resource->name.len, resource->name.ptr);
        return false;
    }
    put_param(query, name, value, arena);
    return true;
}

/* The index of the first word behind the options, or -1. */
static int read_options(int argc, char **argv, struct buf *query, const char **out,
                        struct arena *arena)
{
    static const struct option known[] = {{"format", required_argument, NULL, 'p'},
                                          {"q", required_argument, NULL, 'p'},
                                          {"sort", required_argument, NULL, 'p'},
                                          {"fields", required_argument, NULL, 'p'},
                                          {"safe", no_argument, NULL, 's'},
                                          {"out", required_argument, NULL, 'o'},
                                          {0}};
    int c, which;

    optind = 0; /* from the start, and options may be anywhere */
    while ((c = getopt_long(argc + 1, argv - 1, "", known, &which)) != -1) {
        if (c == 'p')
            put_param(query, str_from(known[which].name), str_from(optarg), arena);
        else if (c == 's')
            put_param(query, STR("safe"), STR("1"), arena);
        else if (c == 'o')
            *out = optarg;
        else
            return -1;
    }
    return optind - 1;
}

static void say_problem(const struct problem *problem)
{
    for (size_t i = 0; i < problem->count; i++)
        ctl_error("%.*s: %.*s", (int)problem->errors[i].field.len, problem->errors[i].field.ptr,
                  (int)problem->errors[i].message.len, problem->errors[i].message.ptr);
}

static int export_all(struct export *export, struct str query, const char *out, struct arena *arena)
{
    static const struct value everybody = {.type = VALUE_NONE};
    struct problem problem;
    struct plan plan;

    problem_init(&problem, arena);
    if (selection_parse(&export->query, export->resource, query, arena, &problem) != ERR_OK) {
        say_problem(&problem);
        return CTL_USAGE;
    }
    plan_init(&plan, export->resource, arena);
    selection_init(&export->selection, &plan, &export->query, &everybody, arena);
    export->to = stdout;
    if (ctl_open_mongo(export->ctl) &&
        (out != NULL ? export_to_file(export, out) : export_run(export, "standard output")))
        return CTL_OK;
    return CTL_FAILED;
}

static int ctl_export_run(struct ctl *ctl, int argc, char **argv)
{
    struct export export = {.ctl = ctl};
    struct buf query = BUF_INIT(QUERY_TEXT_MAX);
    const char *out = NULL;
    struct arena arena;
    int at, status = CTL_USAGE;

    arena_init(&arena, NULL, 0);
    at = read_options(argc, argv, &query, &out, &arena);
    if (at < 0 || at == argc) {
        ctl_usage("export takes a resource");
        goto out;
    }
    export.resource = ctl_resource(ctl, argv[at]);
    if (export.resource == NULL)
        goto out;
    for (int i = at + 1; i < argc; i++)
        if (!put_filter(export.resource, argv[i], &query, &arena))
            goto out;
    if (query.err != ERR_OK)
        ctl_error("the filters are too long");
    else
        status = export_all(&export, buf_view(&query), out, &arena);
out:
    buf_free(&query);
    arena_reset(&arena);
    return status;
}

const struct command command_export = {
    .name = "export",
    .args = "RESOURCE [--format ndjson|csv] [--safe] [--out FILE] [--q WORDS] [--sort SORT] "
            "[--fields FIELDS] [FILTER=VALUE ...]",
    .summary = "writes records to a file of JSON or CSV, which load takes back",
    .help =
        "Writes what meets all filters, as GET /api/RESOURCE/export does: one JSON object a line,\n"
        "or with --format csv a table with a column for each declared field.  --q, --sort,\n"
        "--fields and the filters are those of the API.  --safe puts ' before cells that a\n"
        "spreadsheet would take for formulas; such a file is not for loading.\n\n"
        "It goes to standard output, or to FILE, which has its name once it is whole; until then\n"
        "it is FILE.part.  Everybody's records are written, straight from MongoDB.\n",
    .run = ctl_export_run,
};
