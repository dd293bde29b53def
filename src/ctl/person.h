/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_PERSON_H
#define LARDER_CTL_PERSON_H

#include "app/users.h"
#include "base/password.h"
#include "ctl/ctl.h"

/* What the commands about people share.  Passwords come from a prompt or from standard input, never
 * from the command line, where others could read them. */

enum { PERSON_PASSWORD_SIZE = PASSWORD_MAX + 2 };

/* Asks for a new password, twice on a terminal; false: it has said what is wrong.  The caller wipes
 * it. */
bool person_password(char password[static PERSON_PASSWORD_SIZE]);
/* Checks, asks for the password and adds; gives the exit status. */
int person_add(struct ctl *ctl, const char *email, const char *name, enum role role);

#endif
