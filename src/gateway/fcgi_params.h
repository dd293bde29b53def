/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_FCGI_PARAMS_H
#define LARDER_GATEWAY_FCGI_PARAMS_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "http/request.h"

/* Name-value pairs (FastCGI Specification 1.0, section 3.4) and what may be in them. */

enum {
    PARAMS_SIZE_MAX = 65536,
    PARAMS_COUNT_MAX = 256,
    PARAMS_NAME_MAX = 256,
    PARAMS_VALUE_MAX = 32768
};

/* Takes the next pair off *block; the strings point into it.  ERR_NOT_FOUND at its end, ERR_SYNTAX
 * when a pair is cut short. */
enum err fcgi_params_next(struct str *block, struct param *pair);

/* All pairs of a request.  ERR_SYNTAX: a pair cut short, a name or value with a control byte, "="
 * in a name, a name twice that may be given once only.  ERR_TOO_LARGE: more or longer ones than the
 * caps above.  HTTP_PROXY is left out: what a client sends must not look like the environment
 * variable of that name. */
enum err fcgi_params_parse(struct str block, struct param params[static PARAMS_COUNT_MAX],
                           size_t *count);

#endif
