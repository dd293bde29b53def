/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_EMAIL_H
#define LARDER_BASE_EMAIL_H

#include "base/err.h"
#include "base/str.h"

enum { EMAIL_MAX = 254 };

/* Normalises "local@domain" of printable ASCII (RFC 5321's mailbox without quoting) to lower case,
 * so that two spellings of an address are one account.  The result is written to room.  ERR_SYNTAX
 * for any other text. */
enum err email_normalise(struct str text, char room[static EMAIL_MAX], struct str *email);

#endif
