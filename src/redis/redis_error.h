/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_ERROR_H
#define LARDER_REDIS_REDIS_ERROR_H

#include "base/err.h"
#include "base/str.h"

/* Inside of redis/: error replies. */

/* Returns the error's text without the sent arguments, which Redis repeats for an unknown command:
 * they may be a password. */
struct str redis_words(struct str text);
/* Maps an error reply to an enum err; see redis_callback. */
enum err redis_error(struct str text);

#endif
