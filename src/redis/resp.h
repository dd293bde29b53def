/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_RESP_H
#define LARDER_REDIS_RESP_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* Commands as Redis reads them: RESP, https://redis.io/docs/latest/develop/reference/protocol-spec/
 */

/* The command as an array of bulk strings, with a NUL behind it (hiredis looks for arguments with
 * strchr).  Lies in scratch, whose content goes, and is valid as long as that is left alone; empty
 * (ptr NULL) when it is longer than scratch may be. */
struct str resp_command(struct buf *scratch, size_t argc, const struct str argv[]);

#endif
