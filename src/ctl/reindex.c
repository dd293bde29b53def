/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <unistd.h>

#include "app/indexes.h"
#include "base/clock.h"
#include "ctl/guard.h"
#include "ctl/patient.h"

/* larderctl reindex: makes the indexes that are missing, one after the other, and waits for each as
 * long as it takes.  What is there already is passed over, so that it goes on where it was
 * stopped. */

enum { TOLD_MS = 5000, NAMES_MAX = 1 << 20 };

struct making {
    struct ctl *ctl;
    struct guard *guard;
    struct patient *patient;
    struct str collection;
    const struct resource *resource; /* NULL: bookkeeping of our own */
    const struct index *index;       /* the one that is made */
    size_t at, count;                /* its place among the missing ones */
    struct index_state state;
    unsigned refused;
    int64_t begun_ms, told_ms;
    int64_t done, total; /* as the server reports it */
    bool untold;         /* it does not */
    struct buf unneeded; /* names of indexes, each with a NUL behind it */
};

/* --- Progress --- */

static enum err ask_progress(struct mongo_db *db, void *context)
{
    struct making *making = context;

    return collection_index_progress(db, making->collection, &making->done, &making->total);
}

static void tell_progress(struct making *making, bool terminal)
{
    int64_t seconds = (clock_mono_ms() - making->begun_ms) / 1000;
    double percent = making->total > 0 ? 100 * (double)making->done / (double)making->total : 0;

    fprintf(stderr, "%s%.*s: index %.*s (%zu of %zu), %lld s", terminal ? "\r\x1b[K" : "",
            (int)making->collection.len, making->collection.ptr, (int)making->index->name.len,
            making->index->name.ptr, making->at, making->count, (long long)seconds);
    if (!making->untold && making->total > 0)
        fprintf(stderr, ", %.0f %%", percent);
    fputs(terminal ? "" : "\n", stderr);
}

/* Each second or so, while an index is made. */
static void on_waiting(void *context)
{
    struct making *making = context;
    bool terminal = isatty(STDERR_FILENO);

    guard_extend(making->guard);
    if (!making->untold)
        making->untold = mongo_run(making->ctl->backend.mongo, ask_progress, making) != ERR_OK;
    if (!terminal && clock_mono_ms() - making->told_ms < TOLD_MS)
        return;
    making->told_ms = clock_mono_ms();
    tell_progress(making, terminal);
}

/* --- Making --- */

static enum err make_index(struct mongo_db *db, void *context)
{
    struct making *making = context;
    unsigned refused = 0;
    enum err err = indexes_ensure(db, making->collection, making->index, 1, &refused);

    making->refused += refused;
    return err;
}

/* Where the connection is lost, the server goes on with it and is asked again. */
static enum err make_one(struct making *making, const struct index *index)
{
    enum err err;

    making->index = index;
    making->begun_ms = making->told_ms = clock_mono_ms();
    making->total = 0;
    do
        err = patient_run(making->patient, make_index, on_waiting, making);
    while (err == ERR_UNKNOWN);
    if (isatty(STDERR_FILENO))
        fputs("\r\x1b[K", stderr);
    return err;
}

static enum err look(struct mongo_db *db, void *context)
{
    struct making *making = context;

    return indexes_look(db, making->resource, &making->state);
}

static enum err note(struct mongo_db *db, void *context)
{
    return indexes_note_missing(db, ((struct making *)context)->resource);
}

static enum err make_missing(struct making *making)
{
    const struct resource *resource = making->resource;
    enum err err = mongo_run(making->ctl->backend.mongo, look, making);

    if (err == ERR_OK && making->state.missing > 0)
        err = mongo_run(making->ctl->backend.mongo, note, making);
    making->count = making->state.missing;
    for (size_t i = 0; err == ERR_OK && i < resource->index_count; i++) {
        if (making->state.there[i])
            continue;
        making->at++;
        err = make_one(making, &resource->indexes[i]);
    }
    if (err == ERR_OK)
        printf("%-20.*s %zu indexes, %zu of them made, %u of them refused\n",
               (int)making->collection.len, making->collection.ptr, resource->index_count,
               making->count - making->refused, making->refused);
    return err;
}

static enum err make_own(struct making *making, const struct bookkeeping *own)
{
    enum err err = ERR_OK;

    making->count = own->index_count;
    for (size_t i = 0; err == ERR_OK && i < own->index_count; i++) {
        making->at = i + 1;
        err = make_one(making, &own->indexes[i]);
    }
    if (err == ERR_OK)
        printf("%-20.*s %zu indexes, %u of them refused\n", (int)making->collection.len,
               making->collection.ptr, own->index_count, making->refused);
    return err;
}

/* --- Those that are needed no longer --- */

static void take_unneeded(void *context, struct str name)
{
    struct making *making = context;

    buf_str(&making->unneeded, name);
    buf_char(&making->unneeded, '\0');
}

static enum err find_unneeded(struct mongo_db *db, void *context)
{
    struct making *making = context;

    return indexes_unneeded(db, making->resource, take_unneeded, making);
}

static enum err drop_unneeded(struct mongo_db *db, void *context)
{
    struct making *making = context;
    struct str rest = buf_view(&making->unneeded), name;
    enum err err = ERR_OK;

    while (err == ERR_OK && rest.len > 0 && str_split(&rest, '\0', &name)) {
        err = collection_drop_index(db, making->collection, name);
        if (err == ERR_OK)
            printf("%-20.*s index %.*s removed\n", (int)making->collection.len,
                   making->collection.ptr, (int)name.len, name.ptr);
    }
    return err;
}

static enum err remove_unneeded(struct making *making)
{
    enum err err;

    making->unneeded = BUF_INIT(NAMES_MAX);
    err = mongo_run(making->ctl->backend.mongo, find_unneeded, making);
    if (err == ERR_OK)
        err = patient_run(making->patient, drop_unneeded, NULL, making);
    buf_free(&making->unneeded);
    return err;
}

/* --- The command --- */

struct options {
    const struct resource *only; /* NULL: all, and our own bookkeeping */
    bool drop;
};

static enum err make_all(struct ctl *ctl, struct guard *guard, struct patient *patient,
                         const struct options *options)
{
    enum err err = ERR_OK;

    for (size_t i = 0; err == ERR_OK && options->only == NULL && i < BOOKKEEPING_COUNT; i++) {
        struct making making = {.ctl = ctl,
                                .guard = guard,
                                .patient = patient,
                                .collection = bookkeeping[i]->collection};
        err = make_own(&making, bookkeeping[i]);
    }
    for (size_t i = 0; err == ERR_OK && i < schema_count(ctl->schema); i++) {
        const struct resource *resource = schema_resource(ctl->schema, i);
        struct making making = {.ctl = ctl,
                                .guard = guard,
                                .patient = patient,
                                .collection = resource->collection,
                                .resource = resource};
        if (options->only != NULL && options->only != resource)
            continue;
        err = make_missing(&making);
        if (err == ERR_OK && options->drop)
            err = remove_unneeded(&making);
    }
    return err;
}

/* The thread that waits for MongoDB is not waited for. */
static void __attribute__((noreturn)) leave(struct guard *guard)
{
    guard_leave(guard);
    ctl_error(
        "interrupted; MongoDB may go on with this index.  Run the same command again to go on");
    fflush(stdout);
    _exit(CTL_FAILED);
}

static int reindex(struct ctl *ctl, const struct options *options)
{
    struct patient patient;
    struct guard guard;
    enum err err;

    if (!ctl_open_all(ctl) || !guard_take(&guard, ctl, "reindex"))
        return CTL_FAILED;
    err = ERR_INVALID;
    if (patient_open(&patient, ctl)) {
        err = make_all(ctl, &guard, &patient, options);
        if (err == ERR_CANCELED)
            leave(&guard);
        patient_close(&patient);
        if (err != ERR_OK)
            ctl_error("MongoDB: %s", err_text(err));
    }
    guard_leave(&guard);
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

static bool reindex_parse(int argc, char **argv, struct options *options, const char **name)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--drop") == 0)
            options->drop = true;
        else if (argv[i][0] == '-' || *name != NULL)
            return false;
        else
            *name = argv[i];
    }
    return true;
}

static int reindex_run(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.drop = false};
    const char *name = NULL;

    if (!reindex_parse(argc, argv, &options, &name))
        return ctl_usage("reindex takes --drop, and one resource or nothing");
    if (!ctl_load_schema(ctl))
        return CTL_FAILED;
    if (name != NULL && (options.only = ctl_resource(ctl, name)) == NULL)
        return CTL_FAILED;
    return reindex(ctl, &options);
}

const struct command command_reindex = {
    .name = "reindex",
    .args = "[--drop] [RESOURCE]",
    .summary = "makes the indexes that are missing in MongoDB",
    .help =
        "Of one resource, or of all and of the accounts, and waits for each as long as it takes;\n"
        "started again it goes on where it was stopped.  Indexes that are there stay.  --drop:\n"
        "removes those that Larder has made and that are needed no longer.  One at a time: a\n"
        "lock in Redis, which has to be there, keeps a second one out.\n",
    .run = reindex_run,
};
