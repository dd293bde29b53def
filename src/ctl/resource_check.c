/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "app/indexes.h"
#include "ctl/ctl.h"
#include "follow/follow.h"
#include "mongo/changes.h"

/* larderctl resource check */

enum { PROBLEMS_MAX = 1 << 20 };

/* --- Which way each goes for what other programs write --- */

struct checking {
    const struct resource *resource;
    bool images;              /* documents of before a change are kept */
    struct index_state state; /* of its indexes */
};

static enum err check_resource(struct mongo_db *db, void *context)
{
    struct checking *checking = context;
    enum err err = changes_images(db, checking->resource->collection, &checking->images);

    return err == ERR_OK ? indexes_look(db, checking->resource, &checking->state) : err;
}

/* One that begins with the field, in either direction. */
static bool check_has_index(const struct checking *checking)
{
    const struct resource *resource = checking->resource;

    for (size_t i = 0; i < resource->index_count; i++) {
        struct str rest = resource->indexes[i].keys, first;
        (void)str_split(&rest, ',', &first);
        if (str_starts(first, STR("-")))
            first = str_from_offset(first, 1);
        if (checking->state.there[i] && str_eq(first, resource->follow.field))
            return true;
    }
    return false;
}

/* What an operator may do for it. */
static void print_advice(struct ctl *ctl, const struct resource *resource, bool streams)
{
    struct checking checking = {.resource = resource};
    struct str name = resource->name, collection = resource->collection;

    if (mongo_run(ctl->backend.mongo, check_resource, &checking) != ERR_OK)
        return;
    if (streams && !checking.images)
        printf("%.*s: updates and deletes of others concern the lists of all partitions, until "
               "this is run: " CHANGES_IMAGES_COMMAND "\n",
               (int)name.len, name.ptr, (int)collection.len, collection.ptr);
    if (!streams && resource->follow.field.len > 0 && !check_has_index(&checking))
        printf("%.*s: the index on %.*s is missing: larderctl reindex %.*s makes it\n",
               (int)name.len, name.ptr, (int)resource->follow.field.len, resource->follow.field.ptr,
               (int)name.len, name.ptr);
}

static void print_follow(const struct resource *resource, struct str text)
{
    printf("%.*s: what other programs write shows %.*s\n", (int)resource->name.len,
           resource->name.ptr, (int)text.len, text.ptr);
}

static void print_follows(struct ctl *ctl, const struct schema *schema)
{
    struct follow_server server = {.schema = schema, .err = ERR_UNAVAILABLE};
    struct buf text = BUF_INIT(PROBLEMS_MAX);

    if (ctl_open_mongo(ctl))
        (void)mongo_run(ctl->backend.mongo, follow_try, &server);
    for (size_t i = 0; i < schema_count(schema); i++) {
        const struct resource *resource = schema_resource(schema, i);
        buf_reset(&text);
        follow_describe(resource, &server, &text);
        print_follow(resource, buf_view(&text));
        if (follow_server_told(&server))
            print_advice(ctl, resource, server.err == ERR_OK);
    }
    if (!follow_server_told(&server))
        printf("MongoDB was not reached: it would tell which\n");
    buf_free(&text);
}

static void print_off(const struct schema *schema)
{
    for (size_t i = 0; i < schema_count(schema); i++)
        print_follow(schema_resource(schema, i),
                     STR("when an answer's time is over, or at a touch: "
                         "LARDER_FOLLOW=off"));
}

static int resource_check_run(struct ctl *ctl, int argc, char **argv)
{
    struct buf problems = BUF_INIT(PROBLEMS_MAX);
    struct schema *schema = NULL;
    enum err err;

    if (argc == 0)
        err = schema_load(config_text(ctl->config, CONFIG_RESOURCES), &schema, &problems);
    else
        err = schema_load_files(argv, (size_t)argc, &schema, &problems);
    if (problems.len > 0)
        fwrite(problems.ptr, 1, problems.len, stderr);
    else if (err != ERR_OK)
        ctl_error("%s", err_text(err));
    else {
        printf("%zu %s\n", schema_count(schema),
               ctl_noun(schema_count(schema), "resource is right", "resources are right"));
        if (config_number(ctl->config, CONFIG_FOLLOW) == FOLLOW_AUTO)
            print_follows(ctl, schema);
        else
            print_off(schema);
    }
    buf_free(&problems);
    schema_free(schema);
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

const struct command command_resource_check = {
    .name = "resource check",
    .args = "[FILE ...]",
    .summary = "reports every error in resource files",
    .help =
        "Those of the folder that LARDER_RESOURCES names, or these; a line for each mistake,\n"
        "with its place in the file.  Of right ones, as MongoDB says when it is asked: which way\n"
        "what other programs write shows and why, and what would make that better.\n",
    .run = resource_check_run,
};
