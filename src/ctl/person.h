/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_PERSON_H
#define LARDER_CTL_PERSON_H

#include "app/people/users.h"
#include "base/password.h"
#include "ctl/ctl.h"

/* Shared by the commands about people.  Passwords come from a prompt or from standard input, never
 * from the command line, where others could read them. */

#define PASSWORD_HELP                                                                              \
    "Asks for the password on a terminal, twice, and else reads one line from standard input.\n"

/* 1 to 100 characters, none of them a control character. */
bool person_name_is_good(struct str name);
/* Asks for a new password, twice on a terminal, and hashes it. On false, the error was printed. */
bool person_password(char hash[static PASSWORD_HASH_SIZE]);
/* Checks the arguments, asks for the password and adds the account. Returns the exit status. */
int person_add(struct ctl *ctl, const char *email, const char *name, enum role role);

#endif
