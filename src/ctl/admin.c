/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>

#include "ctl/person.h"

/* larderctl admin add: a person with the role admin. */

static int run(struct ctl *ctl, int argc, char **argv)
{
    static const struct option options[] = {
        {"email", required_argument, NULL, 'e'}, {"name", required_argument, NULL, 'n'}, {0}};
    const char *email = NULL, *name = "Administrator";
    int c;

    optind = 0;
    while ((c = getopt_long(argc + 1, argv - 1, "", options, NULL)) != -1) {
        if (c == 'e')
            email = optarg;
        else if (c == 'n')
            name = optarg;
        else
            break;
    }
    if (c != -1 || optind != argc + 1)
        return ctl_usage("admin add takes --email and --name only");
    return person_add(ctl, email, name, ROLE_ADMIN);
}

const struct command command_admin_add = {
    .name = "admin add",
    .args = "--email EMAIL [--name NAME]",
    .summary = "makes a person who may do everything",
    .help = "Asks for the password on a terminal, twice, and else reads one line from standard "
            "input.\nExits 3 and changes nothing when the email is known already.\n",
    .run = run,
};
