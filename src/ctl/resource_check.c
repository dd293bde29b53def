/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "ctl/ctl.h"
#include "follow/follow.h"

/* larderctl resource check */

enum { PROBLEMS_MAX = 1 << 20 };

/* Which way each goes for what other programs write. */
static void print_follows(const struct ctl *ctl, const struct schema *schema)
{
    bool on = config_number(ctl->config, CONFIG_FOLLOW) == FOLLOW_AUTO;
    struct buf text = BUF_INIT(PROBLEMS_MAX);

    for (size_t i = 0; i < schema_count(schema); i++) {
        const struct resource *resource = schema_resource(schema, i);
        buf_reset(&text);
        if (on)
            follow_describe(resource, &text);
        else
            buf_literal(&text, "when an answer's time is over, or at a touch (LARDER_FOLLOW=off)");
        printf("%.*s: what other programs write shows %.*s\n", (int)resource->name.len,
               resource->name.ptr, (int)text.len, text.ptr);
    }
    buf_free(&text);
}

static int run(struct ctl *ctl, int argc, char **argv)
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
        print_follows(ctl, schema);
    }
    buf_free(&problems);
    schema_free(schema);
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

const struct command command_resource_check = {
    .name = "resource check",
    .args = "[FILE ...]",
    .summary = "tells all that is wrong in resource files",
    .help = "Those of the folder that LARDER_RESOURCES names, or these; a line for each mistake,\n"
            "with its place in the file.  Of right ones: how what other programs write shows.\n",
    .run = run,
};
