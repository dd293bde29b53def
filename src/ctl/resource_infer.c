/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/infer.h"

/* larderctl resource infer */

enum { SAMPLE = 1000, OUT_MAX = 4 << 20 };

static bool take_document(void *context, const struct value *document)
{
    infer_document(context, document);
    return true;
}

static void take_index(void *context, const struct index_spec *index)
{
    infer_index(context, index);
}

struct asking {
    struct str collection;
    struct infer *infer;
};

static enum err resource_infer_ask(struct mongo_db *db, void *context)
{
    struct asking *asking = context;
    enum err err = collection_sample(db, asking->collection, SAMPLE, take_document, asking->infer);

    return err == ERR_OK ? collection_indexes(db, asking->collection, take_index, asking->infer)
                         : err;
}

/* Whether the file can be served; what is wrong is in problems. */
static bool is_good(struct str text, struct buf *problems)
{
    char name[] = "/tmp/larder-infer-XXXXXX.json", *files[] = {name};
    int descriptor = mkstemps(name, sizeof ".json" - 1);
    struct schema *schema = NULL;
    bool written;

    if (descriptor < 0) {
        buf_printf(problems, "%s: %s\n", name, strerror(errno));
        return false;
    }
    written = write(descriptor, text.ptr, text.len) == (ssize_t)text.len;
    close(descriptor);
    if (!written)
        buf_printf(problems, "%s: %s\n", name, strerror(errno));
    else if (schema_load_files(files, 1, &schema, problems) == ERR_OK)
        schema_free(schema);
    unlink(name);
    return problems->len == 0;
}

/* The collection's name may be one that Larder itself uses. */
static bool make_file(const struct infer *infer, struct buf *out)
{
    struct buf problems = BUF_INIT(OUT_MAX);
    bool good = false;

    for (int plain = 1; !good && plain >= 0; plain--) {
        buf_reset(out);
        buf_reset(&problems);
        infer_print(infer, plain, out);
        good = is_good(buf_view(out), &problems);
    }
    if (!good) {
        fwrite(problems.ptr, 1, problems.len, stderr);
        ctl_error("what was inferred cannot be served as it is");
    }
    buf_free(&problems);
    return good;
}

static void say_mixed(const struct infer *infer)
{
    struct buf mixed = BUF_INIT(OUT_MAX);
    struct str rest, line;

    infer_print_mixed(infer, &mixed);
    rest = buf_view(&mixed);
    while (str_split(&rest, '\n', &line))
        if (line.len > 0)
            fprintf(stderr, "larderctl: values of several types: %.*s\n", (int)line.len, line.ptr);
    buf_free(&mixed);
}

static int infer_all(struct ctl *ctl, const char *collection)
{
    struct asking asking = {.collection = str_from(collection)};
    struct buf out = BUF_INIT(OUT_MAX);
    enum err err;
    bool good = false;

    asking.infer = infer_new(asking.collection);
    err = mongo_run(ctl->backend.mongo, resource_infer_ask, &asking);
    if (err != ERR_OK) {
        ctl_error("MongoDB: %s", err_text(err));
    } else if (infer_count(asking.infer) == 0) {
        ctl_error("the collection \"%s\" has no documents", collection);
    } else {
        good = make_file(asking.infer, &out);
        fwrite(out.ptr, 1, out.len, stdout);
        say_mixed(asking.infer);
    }
    infer_free(asking.infer);
    buf_free(&out);
    return good ? CTL_OK : CTL_FAILED;
}

static int resource_infer_run(struct ctl *ctl, int argc, char **argv)
{
    if (argc != 1 || argv[0][0] == '\0')
        return ctl_usage("resource infer takes the name of a collection of MongoDB");
    if (str_starts(str_from(argv[0]), STR("larder_")))
        return ctl_usage("collections that begin with \"larder_\" are Larder's own");
    return ctl_open_mongo(ctl) ? infer_all(ctl, argv[0]) : CTL_FAILED;
}

const struct command command_resource_infer = {
    .name = "resource infer",
    .args = "COLLECTION",
    .summary = "prints a resource file for a collection that exists",
    .help = "From a sample of its documents (types, bounds, what is always there) and from its\n"
            "indexes (filters, sorts, a partition).  To be read before it is served: bounds are\n"
            "guesses, and everything that was found is shown.\n",
    .run = resource_infer_run,
};
