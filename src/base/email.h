/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_EMAIL_H
#define LARDER_BASE_EMAIL_H

#include "base/err.h"
#include "base/str.h"

enum { EMAIL_MAX = 254 };

/* "local@domain" of printable ASCII (RFC 5321's mailbox without quoting), in lower case: two
 * spellings of one address are one account.  The result lies in room.  ERR_SYNTAX. */
enum err email_normalise(struct str text, char room[static EMAIL_MAX], struct str *email);

#endif
