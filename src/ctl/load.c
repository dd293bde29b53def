/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "app/posts.h"
#include "app/products.h"
#include "base/clock.h"
#include "base/idiom.h"
#include "ctl/batch.h"
#include "ctl/ctl.h"
#include "ctl/progress.h"
#include "ctl/source.h"

/* larderctl load */

enum { REJECTS_SHOWN = 20 };

static const struct resource *const resources[] = {&products, &posts};

struct load {
    struct ctl *ctl;
    const struct resource *resource;
    const char *name; /* of the file, for messages */
    struct input *input;
    struct source *source;
    struct batch *batch;
    struct progress progress;
    uint64_t read, rejected;
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
    load->rejected++;
    if (load->rejected == REJECTS_SHOWN + 1)
        fprintf(stderr, "more were rejected; the first %d are shown\n", REJECTS_SHOWN);
    if (load->rejected > REJECTS_SHOWN)
        return false;
    fprintf(stderr, "%s:%llu: ", load->name, (unsigned long long)line);
    return true;
}

/* What comes from the file is shown without its control characters. */
static void put_text(struct str s)
{
    for (size_t i = 0; i < s.len && i < 200; i++)
        fputc((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f ? '?' : s.ptr[i], stderr);
}

static void reject(struct load *load, uint64_t line, const struct problem *problem)
{
    if (!show_reject(load, line))
        return;
    for (size_t i = 0; i < problem->count; i++) {
        if (i > 0)
            fputs("; ", stderr);
        put_text(problem->errors[i].field);
        fputs(": ", stderr);
        put_text(problem->errors[i].message);
    }
    fputc('\n', stderr);
}

/* ERR_OK: taken in, or rejected. */
static enum err read_record(struct load *load)
{
    struct source_record record;
    struct problem problem;
    enum err err = source_next(load->source, &record);

    if (err == ERR_NOT_FOUND || err == ERR_IO || err == ERR_CANCELED)
        return err;
    load->read++;
    if (err == ERR_INVALID) {
        if (show_reject(load, record.line))
            fprintf(stderr, "%s\n", record.why);
        return ERR_OK;
    }
    if (batch_add(load->batch, record.json, clock_wall_ms(), &problem) != ERR_OK)
        reject(load, record.line, &problem);
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

static void summarise(struct load *load)
{
    double seconds = (double)(clock_mono_ms() - load->progress.begun_ms) / 1000;
    const struct resource *resource = load->resource;
    struct str what = load->outcome.added == 1 ? resource->singular : resource->name;

    progress_clear(&load->progress);
    printf("%llu %.*s loaded in %.1f s", (unsigned long long)load->outcome.added, (int)what.len,
           what.ptr, seconds);
    if (load->outcome.existed > 0)
        printf(", %llu already there", (unsigned long long)load->outcome.existed);
    if (load->rejected > 0)
        printf(", %llu rejected", (unsigned long long)load->rejected);
    if (load->outcome.failed > 0)
        printf(", %llu refused by MongoDB", (unsigned long long)load->outcome.failed);
    putchar('\n');
}

/* --- Setting up --- */

static const struct resource *find_resource(const char *name)
{
    for (size_t i = 0; i < COUNT(resources); i++)
        if (str_eq(resources[i]->name, str_from(name)))
            return resources[i];
    return NULL;
}

/* Redis may be away: what it is not told then is owed to it. */
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
    enum err err = ERR_INVALID;
    char what[32];

    if (!open_source(load, fd) || !ctl_open_all(load->ctl))
        goto out;
    ctl_redis_ready(load->ctl);
    load->batch = batch_new(load->ctl, load->resource);
    snprintf(what, sizeof what, "%.*s", (int)load->resource->name.len, load->resource->name.ptr);
    progress_begin(&load->progress, what, clock_mono_ms());
    err = load_all(load);
    summarise(load);
    batch_free(load->batch);
out:
    source_free(load->source);
    input_free(load->input);
    return err == ERR_OK && load->rejected + load->outcome.failed == 0 ? CTL_OK : CTL_FAILED;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct load load = {.ctl = ctl};
    int fd, status = CTL_FAILED;

    if (argc != 2)
        return ctl_usage("load takes a kind of records and a file");
    load.resource = find_resource(argv[0]);
    if (load.resource == NULL)
        return ctl_usage("load knows products and posts, not \"%s\"", argv[0]);
    load.name = strcmp(argv[1], "-") == 0 ? "standard input" : argv[1];
    fd = strcmp(argv[1], "-") == 0 ? STDIN_FILENO : open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        ctl_error("%s: %s", argv[1], strerror(errno));
        return CTL_FAILED;
    }
    if (catch_interrupts())
        status = load_file(&load, fd);
    if (fd != STDIN_FILENO)
        close(fd);
    return status;
}

const struct command command_load = {
    .name = "load",
    .args = "products|posts FILE|-",
    .summary = "adds records from a file of JSON lines or CSV",
    .help =
        "One JSON object a line, or CSV with the fields' names as its header: an empty cell is an\n"
        "absent field, and the items of an array are separated by semicolons.  The file's ending\n"
        "decides (.csv, .ndjson, .jsonl, .json), else its content; - is standard input.\n\n"
        "Each record is checked as the API does.  What is wrong is told as FILE:LINE: field:\n"
        "reason, and the other records are loaded; the exit status is 1 then.\n\n"
        "A record's id is made of its content.  Loading a file again adds what is missing and\n"
        "leaves what is there as it is, so an interrupted load is simply repeated.\n",
    .run = run,
};
