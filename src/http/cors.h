/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_CORS_H
#define LARDER_HTTP_CORS_H

#include "http/request.h"

/* What pages of other web origins may do (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).
 * The origins that are named may do all that their user may, with the cookie too; with * among
 * them, every page may read, without cookie and Authorization. */

struct cors {
    struct str origins; /* with commas between; borrowed */
    bool any;           /* * is among them */
    bool named;         /* some other is */
};

/* No origin at all for the empty text. */
void cors_init(struct cors *cors, struct str origins);
/* Whether pages of this origin are named. */
bool cors_names(const struct cors *cors, struct str origin);
/* Whether this is a preflight request that is to be answered; answered by 204 and the header
 * lines of cors_answer, whatever the path. */
bool cors_is_preflight(const struct cors *cors, const struct request *request);
/* Adds the header lines to an answer, whatever it is.  context is the struct cors; nothing is added
 * when no origin was given. */
void cors_answer(void *context, struct request *request);

#endif
