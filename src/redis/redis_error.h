/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_ERROR_H
#define LARDER_REDIS_REDIS_ERROR_H

#include "base/err.h"
#include "base/str.h"

/* Inside of redis/: what an error reply says, and what it means. */

/* An error reply without what was sent, which Redis repeats of a command that it does not know:
 * that may be a password. */
struct str redis_words(struct str text);
/* What an error reply means to the caller; see redis_callback. */
enum err redis_error(struct str text);

#endif
