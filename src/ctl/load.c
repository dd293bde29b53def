/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/batch.h"
#include "ctl/ctl.h"
#include "ctl/progress.h"
#include "ctl/source.h"

/* larderctl load */

enum { REJECTS_SHOWN = 20 };

struct load {
    struct ctl *ctl;
    const struct resource *resource;
    const char *name; /* of the file, for messages */
    struct input *input;
    struct source *source;
    struct batch *batch;
    struct str keys[BATCH_KEYS_MAX];
    size_t key_count;
    struct progress progress;
    uint64_t read, told; /* told: rejected ones that were shown, or not any more */
    uint64_t unreadable;
    struct batch_outcome outcome;
};

/* --- Interrupts --- */

static volatile sig_atomic_t interrupted;
static int stop; /* can be read after an interrupt, which may come until the end */

static void on_interrupt(int signal)
{
    int saved = errno;

    (void)signal;
    interrupted = 1;
    (void)eventfd_write(stop, 1);
    errno = saved;
}

static bool catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};

    stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop < 0) {
        ctl_error("no descriptor for interrupts: %s", strerror(errno));
        return false;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return true;
}

static void say_interrupted(void)
{
    ctl_error("interrupted; run the same command again to go on");
}

/* --- One record --- */

static bool show_reject(struct load *load, uint64_t line)
{
    progress_clear(&load->progress);
    load->told++;
    if (load->told == REJECTS_SHOWN + 1)
        fprintf(stderr, "more were rejected; the first %d are shown\n", REJECTS_SHOWN);
    if (load->told > REJECTS_SHOWN)
        return false;
    fprintf(stderr, "%s:%llu: ", load->name, (unsigned long long)line);
    return true;
}

/* What comes from the file is shown without its control characters. */
static void load_put_text(struct str s)
{
    for (size_t i = 0; i < s.len && i < 200; i++)
        fputc((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f ? '?' : s.ptr[i], stderr);
}

static void reject(void *context, uint64_t line, const struct problem *problem)
{
    struct load *load = context;

    if (!show_reject(load, line))
        return;
    for (size_t i = 0; i < problem->count; i++) {
        if (i > 0)
            fputs("; ", stderr);
        load_put_text(problem->errors[i].field);
        fputs(": ", stderr);
        load_put_text(problem->errors[i].message);
    }
    fputc('\n', stderr);
}

/* ERR_OK: taken in, or rejected. */
static enum err read_record(struct load *load)
{
    struct source_record record;
    enum err err = source_next(load->source, &record);

    if (err == ERR_NOT_FOUND || err == ERR_IO || err == ERR_CANCELED)
        return err;
    load->read++;
    if (err == ERR_OK) {
        batch_add(load->batch, record.json, record.line, clock_wall_ms());
        return ERR_OK;
    }
    load->unreadable++;
    if (show_reject(load, record.line))
        fprintf(stderr, "%s\n", record.why);
    return ERR_OK;
}

/* --- All of them --- */

static void show_progress(struct load *load)
{
    progress_update(&load->progress, load->read, input_done(load->input), input_size(load->input),
                    clock_mono_ms());
}

static enum err write_batch(struct load *load)
{
    enum err err = batch_write(load->batch, &load->outcome);

    show_progress(load);
    if (err != ERR_OK) {
        progress_clear(&load->progress);
        ctl_error("MongoDB: %s; run the same command again to go on", err_text(err));
    }
    return err;
}

static enum err load_all(struct load *load)
{
    enum err err = ERR_OK, end = ERR_OK;

    while (err == ERR_OK && end == ERR_OK && !interrupted) {
        end = read_record(load);
        if (end == ERR_IO) {
            progress_clear(&load->progress);
            ctl_error("%s: %s", load->name, strerror(errno));
        }
        if (batch_full(load->batch) || (end != ERR_OK && end != ERR_CANCELED))
            err = write_batch(load);
    }
    if (interrupted) {
        progress_clear(&load->progress);
        say_interrupted();
        return ERR_CANCELED;
    }
    return err == ERR_OK && end == ERR_IO ? ERR_IO : err;
}

static uint64_t rejected(const struct load *load)
{
    return load->unreadable + load->outcome.rejected;
}

static void print_count(const struct load *load, uint64_t count)
{
    struct str what = count == 1 ? load->resource->singular : load->resource->name;

    printf("%llu %.*s", (unsigned long long)count, (int)what.len, what.ptr);
}

static void summarise(struct load *load)
{
    double seconds = (double)(clock_mono_ms() - load->progress.begun_ms) / 1000;
    const struct batch_outcome *outcome = &load->outcome;

    progress_clear(&load->progress);
    if (load->key_count > 0) {
        print_count(load, load->read);
        printf(" in %.1f s: %llu new, %llu changed, %llu same, %llu rejected\n", seconds,
               (unsigned long long)outcome->added, (unsigned long long)outcome->changed,
               (unsigned long long)outcome->existed, (unsigned long long)rejected(load));
        return;
    }
    print_count(load, outcome->added);
    printf(" loaded in %.1f s", seconds);
    if (outcome->existed > 0)
        printf(", %llu already there", (unsigned long long)outcome->existed);
    if (rejected(load) > 0)
        printf(", %llu rejected", (unsigned long long)rejected(load));
    putchar('\n');
}

/* --- Setting up --- */

/* Redis may be away: then invalidations are pending. */
static bool open_source(struct load *load, int fd)
{
    struct buf why = BUF_INIT(4096);
    enum err err;

    load->input = input_new(fd, stop);
    err = source_open(load->input, load->name, load->resource, &load->source, &why);
    if (err == ERR_CANCELED)
        say_interrupted();
    else if (err == ERR_IO)
        ctl_error("%s: %s", load->name, strerror(errno));
    else if (err != ERR_OK)
        ctl_error("%s: %.*s", load->name, (int)why.len, why.ptr);
    buf_free(&why);
    return err == ERR_OK;
}

static int load_file(struct load *load, int fd)
{
    struct batch_config config = {.resource = load->resource,
                                  .keys = load->keys,
                                  .key_count = load->key_count,
                                  .reject = reject,
                                  .context = load};
    enum err err = ERR_INVALID;
    char what[64];

    if (!open_source(load, fd) || !ctl_open_all(load->ctl))
        goto out;
    ctl_redis_ready(load->ctl);
    load->batch = batch_new(load->ctl, &config);
    snprintf(what, sizeof what, "%.*s", (int)load->resource->name.len, load->resource->name.ptr);
    progress_begin(&load->progress, what, clock_mono_ms());
    err = load_all(load);
    summarise(load);
    batch_free(load->batch);
out:
    source_free(load->source);
    input_free(load->input);
    return err == ERR_OK && rejected(load) == 0 ? CTL_OK : CTL_FAILED;
}

/* Whether it distinguishes records: one value, behind no array. */
static bool is_key(const struct resource *resource, struct str path)
{
    const struct field *field = resource->document;
    struct str rest = path, name;

    if (str_eq(path, STR("_id")))
        return true;
    while (field != NULL && str_split(&rest, '.', &name))
        field = field->type == FIELD_OBJECT ? field_property(field, name) : NULL;
    return field != NULL && field->type != FIELD_OBJECT && field->type != FIELD_ARRAY &&
           (field->flags & (FIELD_SERVER | FIELD_READ_ONLY)) == 0;
}

static bool take_keys(struct load *load, const char *text)
{
    struct str rest = str_from(text), key;

    while (text != NULL && str_split(&rest, ',', &key)) {
        if (load->key_count == BATCH_KEYS_MAX) {
            ctl_error("--key takes at most %d fields", BATCH_KEYS_MAX);
            return false;
        }
        if (!is_key(load->resource, key)) {
            ctl_error("--key: \"%.*s\" is no field with one value that a record can have",
                      (int)key.len, key.ptr);
            return false;
        }
        load->keys[load->key_count++] = key;
    }
    return true;
}

/* The words behind the options, or -1. */
static int read_options(int argc, char **argv, const char **keys)
{
    static const struct option known[] = {{"key", required_argument, NULL, 'k'}, {0}};
    int c;

    optind = 0; /* from the start, and options may be anywhere */
    while ((c = getopt_long(argc + 1, argv - 1, "", known, NULL)) != -1) {
        if (c != 'k')
            return -1;
        *keys = optarg;
    }
    return optind - 1;
}

static int load_run(struct ctl *ctl, int argc, char **argv)
{
    struct load load = {.ctl = ctl};
    const char *keys = NULL;
    int at = read_options(argc, argv, &keys);
    int fd, status = CTL_FAILED;

    if (at < 0 || argc - at != 2)
        return ctl_usage("load takes a resource and a file");
    argv += at;
    if (!ctl_load_schema(ctl))
        return CTL_FAILED;
    load.resource = ctl_resource(ctl, argv[0]);
    if (load.resource == NULL || !take_keys(&load, keys))
        return CTL_USAGE;
    load.name = strcmp(argv[1], "-") == 0 ? "standard input" : argv[1];
    fd = strcmp(argv[1], "-") == 0 ? STDIN_FILENO : open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        ctl_error("%s: %s", load.name, strerror(errno));
    else if (catch_interrupts())
        status = load_file(&load, fd);
    if (fd > STDIN_FILENO)
        close(fd);
    return status;
}

const struct command command_load = {
    .name = "load",
    .args = "RESOURCE FILE|- [--key FIELD[,FIELD]]",
    .summary = "adds records from a file of JSON or CSV, or changes those that are there",
    .help =
        "One JSON object a line (or over several), an array of objects (.json), or CSV whose "
        "header names fields\n"
        "(chef.name for those of an object): an empty cell is an absent field (\"\" an empty "
        "text),\n"
        "and the items of a list are separated by |, or it is JSON.  The file's ending decides\n"
        "(.csv, .ndjson, .jsonl, .json), else its content; - is standard input.\n\n"
        "What was exported is taken back as it was: _id, and what the server keeps and shows.\n"
        "A record with such fields gets no defaults.  With --key they are passed over in "
        "documents\n"
        "that are there.\n\n"
        "Each record is checked as the API does.  What is wrong is told as FILE:LINE: field:\n"
        "reason, and the other records are loaded; the exit status is 1 then.\n\n"
        "With --key, a record whose fields of these names have the values of a document changes\n"
        "it where they differ: the fields of the record are set, the others stay.  Else a\n"
        "record's id is made of its content, and what is there already stays as it is.  Either\n"
        "way an interrupted load is simply repeated.\n",
    .run = load_run,
};
